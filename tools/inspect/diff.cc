#include "inspect/diff.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "common/json_text.h"
#include "core/printable.h"
#include "inspect/tensors.h"

namespace rwkv {
namespace {

namespace json = boost::json;

struct Finding {
  std::string name;
  std::string what;
  double largest = 0;
};

std::string type_text(const TensorView& tensor) {
  return std::string(dtype_info(tensor.dtype).name) + " " + to_string(tensor.shape);
}

std::string text_of(const TensorView& a, const TensorView& b, const TensorDifference& difference) {
  std::string text = difference.same_type ? "" : type_text(a) + " and " + type_text(b);
  if (!difference.compared || difference.n_different == 0) return text;
  char values[96];
  std::snprintf(values, sizeof values, "%llu values differ, by up to %.6g",
                static_cast<unsigned long long>(difference.n_different), difference.largest);
  return text + (text.empty() ? "" : ", ") + values;
}

std::vector<Finding> findings_of(const TensorFile& a, const TensorFile& b) {
  std::vector<Finding> findings;
  for (const auto& tensor : a.tensors()) {
    const TensorView* other = b.find(tensor.name);
    if (other == nullptr) {
      findings.push_back({tensor.name, "only in " + a.path()});
      continue;
    }
    const TensorDifference difference = difference_of(tensor, *other);
    if (!difference.same())
      findings.push_back({tensor.name, text_of(tensor, *other, difference), difference.largest});
    a.release(tensor.bytes);
    b.release(other->bytes);
  }
  for (const auto& tensor : b.tensors()) {
    if (a.find(tensor.name) == nullptr) findings.push_back({tensor.name, "only in " + b.path()});
  }
  return findings;
}

void print_json(std::ostream& out, const std::vector<Finding>& findings, double largest) {
  json::array tensors;
  for (const auto& finding : findings) {
    json::object entry{{"difference", finding.what}, {"largest", finite_or_null(finding.largest)}};
    add_bytes(entry, "name", finding.name);
    tensors.push_back(std::move(entry));
  }
  const json::object object{
      {"same", findings.empty()}, {"largest", finite_or_null(largest)}, {"tensors", std::move(tensors)}};
  out << json_text(object) << '\n';
}

}  // namespace

bool print_difference(std::ostream& out, const TensorFile& a, const TensorFile& b, bool as_json) {
  const auto findings = findings_of(a, b);
  double largest = 0;
  for (const auto& finding : findings) largest = std::max(largest, finding.largest);
  if (as_json) {
    print_json(out, findings, largest);
  } else {
    for (const auto& finding : findings) out << printable(finding.name) << ": " << finding.what << '\n';
    if (!findings.empty()) out << findings.size() << " tensors differ, values by up to " << largest << '\n';
  }
  return findings.empty();
}

}  // namespace rwkv
