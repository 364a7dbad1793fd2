// Finds the vocabulary that the user means.
#pragma once
#include <optional>
#include <string>

namespace rwkv {

// The value of -v, else RWKV_VOCAB, else nothing. RWKV_VOCAB may be a folder of vocabularies: a name given by
// -v that is not found here is looked up in the folder.
std::optional<std::string> vocabulary_path(const std::string& option);

// The same; Error kUsage for nothing.
std::string required_vocabulary_path(const std::string& option);

}  // namespace rwkv
