// JSON Schemas as grammars.
#pragma once
#include <string_view>

#include "sampling/constraint/grammar.h"

namespace rwkv {

// The texts of JSON that fit a schema of draft 2020-12, in the form of JsonRules: members in the order of
// "properties" ("required" ones that it does not name behind them), others only where "additionalProperties"
// allows them in words, or where nothing is said of members at all; likewise elements. Every text fits the
// schema; not every text that fits it is one of these. docs/constraints.md has the keywords. Error kUsage: no
// JSON, no schema; kUnsupported: a keyword that is not known or not together with another. Messages begin
// with the place, "#/properties/a: ..".
Grammar parse_json_schema(std::string_view text);

// Any JSON, and any object of it.
Grammar any_json();
Grammar any_json_object();

}  // namespace rwkv
