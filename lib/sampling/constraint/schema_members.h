// Schemas within a document, and what they say of an object's members.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace boost::json {
class array;
class object;
class value;
}  // namespace boost::json

namespace rwkv {

struct SchemaPlace {
  const boost::json::value* schema = nullptr;
  std::string path{};  // in the document, as a JSON pointer
};

// The value of a keyword that the schema has. Error kUsage: no array, or an empty one.
const boost::json::array& schema_array(const boost::json::object& schema, const char* keyword,
                                       const std::string& path);
// Its elements with their places.
std::vector<SchemaPlace> schema_places(const boost::json::object& schema, const char* keyword,
                                       const std::string& path);
// What "type" says; empty when it is not there.
std::vector<std::string> schema_types(const boost::json::object& schema, const std::string& path);
// What the schema's "$ref" names.
SchemaPlace target_of(const boost::json::object& schema, const std::string& path,
                      const boost::json::value& document);

struct SchemaMembers {
  std::vector<std::pair<std::string, SchemaPlace>> named{};  // no two alike
  std::vector<std::string> required{};
  std::optional<SchemaPlace> others{};
};

// Of an object's schema, with those in its "allOf". Error kUnsupported: what cannot be told by members.
SchemaMembers members_of_schema(const SchemaPlace& place, const boost::json::value& document);

}  // namespace rwkv
