// The names in a table.
#pragma once
#include <string>
#include <vector>

namespace rwkv {

// Of rows with a member `name`, in their order.
template <class Rows>
std::vector<std::string> row_names(const Rows& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) names.emplace_back(row.name);
  return names;
}

}  // namespace rwkv
