#include "formats/tensor_file.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/error.h"
#include "core/printable.h"
#include "formats/pth_reader.h"
#include "formats/safetensors_reader.h"

namespace rwkv {
namespace {

using Bytes = std::span<const std::byte>;

constexpr size_t kMaxNameBytes = 1024;  // a model's names have at most 60

struct Format {
  std::string_view name;
  bool (*recognises)(Bytes);
  TensorList (*parse)(Bytes);
};
constexpr auto kFormats = std::to_array<Format>({
    {"PyTorch zip", looks_like_pth_zip, parse_pth_zip},
    {"PyTorch legacy", looks_like_pth_legacy, parse_pth_legacy},
    {"safetensors", looks_like_safetensors, parse_safetensors},
});

std::string_view text_at(Bytes file, size_t offset, size_t n_bytes) {
  const auto rest = file.subspan(std::min(offset, file.size()));
  return {reinterpret_cast<const char*>(rest.data()), std::min(n_bytes, rest.size())};
}

bool is_lfs_pointer(Bytes file) {
  return text_at(file, 0, 40).starts_with("version https://git-lfs.github.com/spec");
}

bool is_web_page(Bytes file) {
  std::string begin(text_at(file, 0, 100));
  std::ranges::transform(begin, begin.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  begin.erase(0, begin.find_first_not_of(" \t\r\n\xef\xbb\xbf"));
  return begin.starts_with("<!doctype html") || begin.starts_with("<html");
}

bool is_tar(Bytes file) {
  constexpr size_t kTarMagicOffset = 257;
  return text_at(file, kTarMagicOffset, 5) == "ustar";
}

bool begins_with_zeros(Bytes file) {
  constexpr size_t kLookedAt = 4096;
  return std::ranges::all_of(file.first(std::min(kLookedAt, file.size())),
                             [](std::byte b) { return b == std::byte{0}; });
}

// Files that are often met where a checkpoint is expected.
struct ForeignFile {
  bool (*recognises)(Bytes);
  const char* description;
};
constexpr auto kForeignFiles = std::to_array<ForeignFile>({
    {[](Bytes file) { return file.empty(); }, "is empty"},
    {is_lfs_pointer, "a git-lfs pointer, not the model: run git lfs pull"},
    {is_web_page, "an HTML page, not the model: the download went wrong"},
    {begins_with_zeros, "begins with nothing but zeros: a download that was given its room and did not come"},
    {is_tar, "a tar archive, as the oldest torch.save() wrote: load and save it again with a newer torch"},
});

const Format& judge(Bytes file) {
  const auto format = std::ranges::find_if(kFormats, [&](const Format& f) { return f.recognises(file); });
  if (format != kFormats.end()) return *format;
  const auto foreign =
      std::ranges::find_if(kForeignFiles, [&](const ForeignFile& f) { return f.recognises(file); });
  throw Error(ErrorKind::kFormat,
              foreign != kForeignFiles.end() ? foreign->description : "not a checkpoint of a known format");
}

}  // namespace

TensorFile TensorFile::open(const std::filesystem::path& path, FileAccess access, const StopPredicate& stop) {
  return with_context(path.string(), [&] {
    MappedFile file = MappedFile::open(path, access, stop);
    const Format& format = judge(file.bytes());
    TensorList list = format.parse(file.bytes());
    file.release(file.bytes());  // the headers that were read here and there
    return TensorFile(std::move(file), path.string(), format.name, std::move(list));
  });
}

TensorFile::TensorFile(MappedFile file, std::string path, std::string_view format, TensorList list)
    : file_(std::move(file)), path_(std::move(path)), format_(format), list_(std::move(list)) {
  for (size_t i = 0; i < list_.tensors.size(); ++i) {
    const std::string& name = list_.tensors[i].name;
    if (name.size() > kMaxNameBytes) {
      throw Error(ErrorKind::kFormat, tensor_label(name) + ": a name of " + std::to_string(name.size()) +
                                          " bytes, want at most " + std::to_string(kMaxNameBytes));
    }
    if (!index_.emplace(name, i).second)
      throw Error(ErrorKind::kFormat, tensor_label(name) + ": is there twice");
  }
}

const TensorView* TensorFile::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &list_.tensors[found->second];
}

const TensorView& TensorFile::at(std::string_view name) const {
  const TensorView* tensor = find(name);
  if (tensor == nullptr) fail(tensor_label(name) + ": is missing");
  return *tensor;
}

void TensorFile::fail(const std::string& message) const {
  throw Error(ErrorKind::kFormat, path_ + ": " + message);
}

}  // namespace rwkv
