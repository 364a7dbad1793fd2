// Strings of JSON Schema.
#pragma once
#include <string>

#include "sampling/constraint/json_rules.h"

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace rwkv {

// The strings that fit a schema's minLength, maxLength, pattern and format. Error as parse_json_schema().
Grammar::Expression schema_string(const boost::json::object& schema, const std::string& path,
                                  Grammar& grammar, JsonRules& rules);

// A keyword's value as a number of characters or elements; `otherwise` when it is not there. Error kUsage,
// and kUnsupported above 10,000.
uint32_t schema_count(const boost::json::object& schema, const char* keyword, uint32_t otherwise,
                      const std::string& path);

}  // namespace rwkv
