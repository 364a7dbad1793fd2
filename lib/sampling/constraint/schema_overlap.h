// Whether two schemas have values in common.
#pragma once

namespace boost::json {
class value;
}  // namespace boost::json

namespace rwkv {

// True only if surely no value fits both schemas of the document: by their types, by const and enum, or by a
// member that both require. What cannot be decided so is false.
bool are_disjoint(const boost::json::value& a, const boost::json::value& b,
                  const boost::json::value& document);

}  // namespace rwkv
