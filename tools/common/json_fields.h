// Reads the fields of JSON requests. Every Error kUsage names the key, the value found and the one wanted.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/token.h"

namespace boost::json {
class value;
}  // namespace boost::json

namespace rwkv {

[[noreturn]] void fail_field(std::string_view key, const boost::json::value& found, const char* wanted);
bool boolean_field(std::string_view key, const boost::json::value& value);
std::string text_field(std::string_view key, const boost::json::value& value);
size_t index_field(std::string_view key, const boost::json::value& value,
                   const char* wanted = "a whole number");
TokenId id_field(std::string_view key, const boost::json::value& value, size_t n_vocab);  // below n_vocab
std::vector<TokenId> ids_field(std::string_view key, const boost::json::value& value, size_t n_vocab);

}  // namespace rwkv
