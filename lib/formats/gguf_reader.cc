#include "formats/gguf_reader.h"

namespace rwkv {

TensorList parse_gguf(std::span<const std::byte> file) {
  const GgufHeader header = read_gguf_header(file);
  TensorList list;
  for (const GgmlTensor& tensor : header.tensors) list.tensors.push_back(view_of(tensor));
  for (const GgufEntry& entry : header.entries) list.metadata.emplace(entry.key, to_text(entry.value));
  return list;
}

}  // namespace rwkv
