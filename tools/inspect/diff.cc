#include "inspect/diff.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "common/json_text.h"
#include "common/text_table.h"
#include "core/printable.h"
#include "inspect/tensors.h"

namespace rwkv {
namespace {

namespace json = boost::json;

struct Finding {
  std::string name, what;
  TensorDifference difference = {};
};

std::string type_text(const TensorView& tensor) {
  return std::string(dtype_info(tensor.dtype).name) + " " + to_string(tensor.shape);
}

std::string text_of(const TensorView& a, const TensorView& b, const TensorDifference& difference) {
  std::string text = difference.same_type ? "" : type_text(a) + " and " + type_text(b);
  if (!difference.compared || difference.n_different == 0) return text;
  return text + (text.empty() ? "" : ", ") + std::to_string(difference.n_different) + " values differ";
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
      findings.push_back({tensor.name, text_of(tensor, *other, difference), difference});
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
    json::object entry{{"difference", finding.what},
                       {"largest", finite_or_null(finding.difference.largest)},
                       {"rms", finite_or_null(finding.difference.rms)},
                       {"relative", finite_or_null(finding.difference.relative)}};
    add_bytes(entry, "name", finding.name);
    tensors.push_back(std::move(entry));
  }
  const json::object object{
      {"same", findings.empty()}, {"largest", finite_or_null(largest)}, {"tensors", std::move(tensors)}};
  out << json_text(object) << '\n';
}

std::string number_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", number);
  return text;
}

void print_table(std::ostream& out, const std::vector<Finding>& findings) {
  constexpr auto kRight = TextTable::Align::kRight;
  TextTable table({{"tensor"}, {"largest", kRight}, {"rms", kRight}, {"relative", kRight}, {"difference"}});
  for (const auto& finding : findings) {
    std::vector<std::string> row = {printable(finding.name), "", "", "", finding.what};
    if (const auto& d = finding.difference; d.n_different > 0) {
      row[1] = number_text(d.largest);
      row[2] = number_text(d.rms);
      row[3] = number_text(d.relative);
    }
    table.add(std::move(row));
  }
  table.print(out);
}

}  // namespace

bool print_difference(std::ostream& out, const TensorFile& a, const TensorFile& b, bool as_json) {
  const auto findings = findings_of(a, b);
  double largest = 0;
  for (const auto& finding : findings) largest = std::max(largest, finding.difference.largest);
  if (as_json) {
    print_json(out, findings, largest);
  } else if (!findings.empty()) {
    print_table(out, findings);
    out << findings.size() << (findings.size() == 1 ? " tensor differs" : " tensors differ");
    out << (largest > 0 ? ", values by up to " + number_text(largest) : "") << '\n';
  }
  return findings.empty();
}

}  // namespace rwkv
