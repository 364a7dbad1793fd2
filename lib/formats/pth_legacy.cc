#include <string>
#include <string_view>

#include "core/checked_math.h"
#include "core/printable.h"
#include "formats/pth_reader.h"
#include "formats/state_dict.h"

namespace rwkv {
namespace {

// A pickle of the number 0x1950a86a20f9469cfc6c.
constexpr std::string_view kMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
constexpr int64_t kProtocol = 1001;

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kFormat, message); }

Pickle parse_part(ByteReader& in, const char* what) {
  return with_context(what, [&] { return parse_pickle(in); });
}

void check_protocol(ByteReader& in) {
  const Pickle protocol = parse_part(in, "protocol");
  if (protocol.root->kind != PickleKind::kInt || protocol.root->number != kProtocol) {
    fail("unknown protocol, want " + std::to_string(kProtocol));
  }
}

void check_byte_order(ByteReader& in) {
  const Pickle info = parse_part(in, "system information");
  const auto& items = info.root->items;
  for (size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i]->text == "little_endian" && items[i + 1]->number == 0) {
      throw Error(ErrorKind::kUnsupported, "is big-endian, want little-endian");
    }
  }
}

// Each storage in the order of the keys: its number of elements, its bytes.
void read_storages(ByteReader& in, const Pickle& keys, Storages& storages) {
  if (keys.root->kind != PickleKind::kList) fail("expected a list of storage keys");
  for (const PickleValue* key : keys.root->items) {
    const auto found = storages.find(key->text);
    if (found == storages.end())
      fail("storage " + printable(key->text) + " is listed, but no tensor uses it");
    with_context("storage " + printable(key->text), [&, &storage = found->second] {
      const auto n_elements = in.read<uint64_t>();
      if (n_elements != storage.n_elements) {
        fail(std::to_string(n_elements) + " elements, want " + std::to_string(storage.n_elements));
      }
      storage.bytes = in.take(checked_mul(n_elements, storage.element_bytes));
    });
  }
}

}  // namespace

bool looks_like_pth_legacy(std::span<const std::byte> file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  return text.starts_with(kMagic);
}

TensorList parse_pth_legacy(std::span<const std::byte> file) {
  if (!looks_like_pth_legacy(file)) fail("not a file of the old torch.save()");
  ByteReader in(file);
  in.take(kMagic.size());
  check_protocol(in);
  check_byte_order(in);
  const Pickle pickle = parse_part(in, "object");
  Storages storages = storages_of(pickle);
  const Pickle keys = parse_part(in, "storage keys");
  read_storages(in, keys, storages);
  return {tensors_of(pickle, storages), {}};
}

}  // namespace rwkv
