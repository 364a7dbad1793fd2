#include "formats/tensor_file.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <system_error>

#include "core/error.h"
#include "core/lower_case.h"
#include "core/printable.h"
#include "formats/bin_reader.h"
#include "formats/gguf_reader.h"
#include "formats/naming/naming.h"
#include "formats/pth_reader.h"
#include "formats/safetensors_reader.h"
#include "formats/shard_index.h"

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
    {"GGUF", looks_like_gguf, parse_gguf},
    {"rwkv.cpp .bin", looks_like_bin, parse_bin},
});

std::string_view text_at(Bytes file, size_t offset, size_t n_bytes) {
  const auto rest = file.subspan(std::min(offset, file.size()));
  return {reinterpret_cast<const char*>(rest.data()), std::min(n_bytes, rest.size())};
}

bool is_lfs_pointer(Bytes file) {
  return text_at(file, 0, 40).starts_with("version https://git-lfs.github.com/spec");
}

bool is_web_page(Bytes file) {
  std::string begin = lower_case(text_at(file, 0, 100));
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

// Files that users often pass instead of a checkpoint.
struct ForeignFile {
  bool (*recognises)(Bytes);
  const char* description;
};
constexpr auto kForeignFiles = std::to_array<ForeignFile>({
    {[](Bytes file) { return file.empty(); }, "is empty"},
    {is_lfs_pointer, "a git-lfs pointer, not the model: run git lfs pull"},
    {is_web_page, "an HTML page, not the model: the download went wrong"},
    {begins_with_zeros, "begins with zeros only: an incomplete download"},
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

// The checkpoint in a folder: an index, a file with a name of Hugging Face's tools, or the only checkpoint.
std::filesystem::path checkpoint_at(const std::filesystem::path& path) {
  constexpr std::array kNames = {"model.safetensors.index.json", "model.safetensors",
                                 "pytorch_model.bin.index.json", "pytorch_model.bin",
                                 "adapter_model.safetensors",    "adapter_model.bin"};
  constexpr std::array kSuffixes = {".safetensors", ".pth", ".gguf", ".st", ".bin", ".ckpt"};
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return path;
  for (const char* name : kNames) {
    if (std::filesystem::exists(path / name, error)) return path / name;
  }
  std::vector<std::filesystem::path> found;
  for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    if (std::ranges::find(kSuffixes, entry->path().extension()) != kSuffixes.end())
      found.push_back(entry->path());
  }
  if (found.size() == 1) return found.front();
  throw Error(ErrorKind::kFormat, "is a folder of " + std::to_string(found.size()) +
                                      " checkpoints, want model.safetensors, its index or a single one");
}

bool is_index(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) &&
         looks_like_shard_index(MappedFile::open(path).bytes());
}

// Small tensors that another format quantised stay exact: f32 costs little there.
void keep_small(TensorList& list) {
  constexpr uint64_t kElements = 1 << 24;
  uint64_t n = 0;
  for (const TensorView& tensor : list.tensors) n += tensor.requantise ? element_count(tensor.shape) : 0;
  if (n > kElements) return;
  for (TensorView& tensor : list.tensors) tensor.requantise = false;
}

}  // namespace

TensorFile TensorFile::open(const std::filesystem::path& path, FileAccess access, const StopPredicate& stop) {
  return with_context(path.string(), [&] {
    TensorFile file;
    file.path_ = path.string();
    const std::filesystem::path inside = checkpoint_at(path);
    if (is_index(inside)) {
      file.add_shards(inside, access, stop);
    } else {
      file.format_ = file.add(inside, access, stop);
    }
    file.naming_ = apply_naming(file.format_, file.list_);
    keep_small(file.list_);
    file.make_index();
    return file;
  });
}

// Maps a file and appends its tensors; returns its format's name.
std::string_view TensorFile::add(const std::filesystem::path& path, FileAccess access,
                                 const StopPredicate& stop) {
  MappedFile file = MappedFile::open(path, access, stop);
  const Format& format = judge(file.bytes());
  TensorList list = format.parse(file.bytes());
  file.release(file.bytes());  // the headers that were read in between
  files_.push_back(std::move(file));
  std::ranges::move(list.tensors, std::back_inserter(list_.tensors));
  list_.metadata.merge(list.metadata);
  return format.name;
}

void TensorFile::add_shards(const std::filesystem::path& index, FileAccess access,
                            const StopPredicate& stop) {
  const auto shards = parse_shard_index(MappedFile::open(index).bytes());
  for (const auto& [shard, names] : shards) {
    with_context("shard " + printable(shard), [&, &name = shard, &wanted = names] {
      const size_t n_before = list_.tensors.size();
      format_ = add(index.parent_path() / name, access, stop);
      const auto added = std::span(list_.tensors).subspan(n_before);
      for (const std::string& tensor : wanted) {
        if (std::ranges::find(added, tensor, &TensorView::name) == added.end())
          throw Error(ErrorKind::kFormat, tensor_label(tensor) + ": is missing, though the index names it");
      }
    });
  }
  format_ += ", " + std::to_string(shards.size()) + " files";
}

void TensorFile::make_index() {
  index_.clear();
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

uint64_t TensorFile::file_bytes() const {
  uint64_t sum = 0;
  for (const MappedFile& file : files_) sum += file.bytes().size();
  return sum;
}

void TensorFile::release(std::span<const std::byte> part) const {
  for (const MappedFile& file : files_) file.release(part);
}

size_t TensorFile::drop(const std::function<bool(const TensorView&)>& unwanted) {
  const size_t n = std::erase_if(list_.tensors, unwanted);
  make_index();
  return n;
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
