#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

#include "core/printable.h"
#include "formats/inflated.h"
#include "formats/pth_reader.h"
#include "formats/state_dict.h"
#include "formats/zip_directory.h"

namespace rwkv {
namespace {

constexpr std::string_view kPickleName = "/data.pkl";

// "<top>/data.pkl": any top folder, no deeper.
bool is_pickle(const ZipEntry& entry) {
  const std::string_view name = entry.name;
  return name.ends_with(kPickleName) && name.find('/') == name.size() - kPickleName.size();
}

class Archive {
 public:
  explicit Archive(std::span<const std::byte> file) : entries_(read_zip_directory(file)) {
    const auto pickle = std::ranges::find_if(entries_, is_pickle);
    if (pickle == entries_.end()) {
      throw Error(ErrorKind::kFormat, "a zip archive, but not of torch.save(): it has no data.pkl");
    }
    pickle_ = *pickle;
    top_ = pickle->name.substr(0, pickle->name.find('/') + 1);
    std::ranges::sort(entries_, {}, &ZipEntry::name);
  }

  const ZipEntry& pickle() const { return pickle_; }

  const ZipEntry* find(std::string_view name) const {
    const std::string full_name = top_ + std::string(name);
    const auto found = std::ranges::lower_bound(entries_, full_name, {}, &ZipEntry::name);
    return found == entries_.end() || found->name != full_name ? nullptr : &*found;
  }

  bool has_folder(std::string_view name) const {
    const std::string prefix = top_ + std::string(name);
    const auto found = std::ranges::lower_bound(entries_, prefix, {}, &ZipEntry::name);
    return found != entries_.end() && found->name.starts_with(prefix);
  }

 private:
  std::vector<ZipEntry> entries_;  // by name
  ZipEntry pickle_;
  std::string top_;  // ends in '/'
};

// The content of an entry: its bytes, or what they become in `scratch`.
std::span<const std::byte> content_of(const ZipEntry& entry, std::vector<std::byte>& scratch) {
  if (!entry.deflated) return entry.bytes;
  scratch = Inflated(entry.bytes, entry.size).all();
  return scratch;
}

void refuse_foreign(const Archive& archive) {
  if (archive.has_folder("code/")) {
    throw Error(ErrorKind::kUnsupported,
                "a TorchScript archive (it holds code), want the torch.save() of a state dict");
  }
}

bool is_big_endian(const Archive& archive) {
  constexpr std::string_view kLittle = "little";
  const ZipEntry* order = archive.find("byteorder");
  if (order == nullptr) return false;
  std::vector<std::byte> scratch;
  const auto content = content_of(*order, scratch);
  return std::string_view(reinterpret_cast<const char*>(content.data()), content.size()) != kLittle;
}

void place(const ZipEntry& entry, Storage& storage) {
  storage.bytes = entry.bytes;
  if (entry.deflated) storage.inflated = std::make_shared<Inflated>(entry.bytes, entry.size);
}

}  // namespace

bool looks_like_pth_zip(std::span<const std::byte> file) {
  constexpr std::string_view kLocalHeader = "PK\3\4", kEmptyArchive = "PK\5\6";
  if (file.size() < kLocalHeader.size()) return false;
  const std::string_view begin(reinterpret_cast<const char*>(file.data()), kLocalHeader.size());
  return begin == kLocalHeader || begin == kEmptyArchive;
}

TensorList parse_pth_zip(std::span<const std::byte> file) {
  const Archive archive(file);
  refuse_foreign(archive);
  const bool big_endian = is_big_endian(archive);
  std::vector<std::byte> scratch;
  ByteReader in(content_of(archive.pickle(), scratch));
  const Pickle pickle = with_context("data.pkl", [&] { return parse_pickle(in); });
  Storages storages = storages_of(pickle);
  for (auto& [key, storage] : storages) {
    const ZipEntry* entry = archive.find("data/" + std::string(key));
    if (entry == nullptr)
      throw Error(ErrorKind::kFormat, "no entry data/" + printable(key) + " in the archive");
    with_context("storage " + printable(key), [&, &to = storage] { place(*entry, to); });
    storage.big_endian = big_endian;
  }
  return {tensors_of(pickle, storages), {}};
}

}  // namespace rwkv
