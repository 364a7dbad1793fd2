// A small tokenizer.json to build tests on.
#pragma once
#include <string>
#include <vector>

#include "text/byte_alphabet.h"

namespace rwkv {

// Byte b has id b, merged tokens follow from 256 on in the order of `merges` ("a b" each), then the added
// tokens (as JSON objects without an id; a space each side stays).
struct SmallTokenizerJson {
  std::vector<std::string> merges;
  std::vector<std::string> added;
  std::string normalizer = R"({"type":"NFC"})";
  std::string pre_tokenizer = R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true})";
  std::string decoder = R"({"type":"ByteLevel"})";
  std::string model_extra{};  // as: ,"dropout":0.5

  std::string text() const {
    std::string vocab, merge_list, added_list;
    size_t next_id = 0;
    const auto add_token = [&](const std::string& token) {
      const bool escape = token == "\"" || token == "\\";
      vocab += (next_id == 0 ? "\"" : ",\"") + std::string(escape ? "\\" : "") + token +
               "\":" + std::to_string(next_id);
      ++next_id;
    };
    for (unsigned byte = 0; byte < 256; ++byte)
      add_token(ByteAlphabet().character_of(static_cast<unsigned char>(byte)));
    for (const auto& merge : merges) {
      const size_t space = merge.find(' ');
      add_token(merge.substr(0, space) + merge.substr(space + 1));
      merge_list += (merge_list.empty() ? "\"" : ",\"") + merge + '"';
    }
    for (const auto& token : added) {
      added_list +=
          (added_list.empty() ? "{\"id\":" : ",{\"id\":") + std::to_string(next_id++) + "," + token + "}";
    }
    return R"({"added_tokens":[)" + added_list + R"(],"normalizer":)" + normalizer + R"(,"pre_tokenizer":)" +
           pre_tokenizer + R"(,"decoder":)" + decoder + R"(,"model":{"type":"BPE","vocab":{)" + vocab +
           R"(},"merges":[)" + merge_list + "]" + model_extra + "}}";
  }
};

}  // namespace rwkv
