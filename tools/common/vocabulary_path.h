// Which vocabulary the user means.
#pragma once
#include <optional>
#include <string>

namespace rwkv {

// What -v names, else RWKV_VOCAB, else nothing. RWKV_VOCAB may be a folder of vocabularies: a file that -v
// names and that is not here is looked for there.
std::optional<std::string> vocabulary_path(const std::string& option);

}  // namespace rwkv
