// The keywords of JSON Schema that are known here.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace rwkv {

enum class KeywordGroup : uint8_t {
  kNote,  // says nothing of what is valid
  kType,
  kReference,
  kValues,  // const, enum
  kAnyOf,
  kOneOf,
  kAllOf,
  kObject,
  kArray,
  kString,
  kNumber
};

// Error kUnsupported "PATH: "KEYWORD" is not supported", or that it is not beside another one, for the first
// member of the schema that is not of these groups.
void check_keywords(const boost::json::object& schema, const std::string& path,
                    std::initializer_list<KeywordGroup> groups);
// Whether the schema has a keyword of the group.
bool has_keyword(const boost::json::object& schema, KeywordGroup group);

// Error kUsage "PATH: MESSAGE".
[[noreturn]] void fail_schema(const std::string& path, const std::string& message);
// The same as kUnsupported.
[[noreturn]] void refuse_schema(const std::string& path, const std::string& message);
// PATH/KEY, as JSON pointers are written.
std::string schema_path(const std::string& path, std::string_view key);

// What a "$ref" names in the document: "#" or "#/..". Error kUnsupported for another document, an anchor or
// an escaped pointer; kUsage when nothing is there.
const boost::json::value& referenced(const boost::json::value& document, std::string_view reference,
                                     const std::string& path);

}  // namespace rwkv
