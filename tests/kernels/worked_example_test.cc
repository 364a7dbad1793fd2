// The worked examples of docs/how-rwkv-works.md, read from the page.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>

#include "kernels/wkv4.h"
#include "kernels/wkv7.h"
#include "support/source_folder.h"
#include "support/targets.h"

namespace rwkv {
namespace {

using Cells = std::vector<std::vector<float>>;  // the numbers of each cell of a table's row

Cells cells_of(const std::string& line) {
  Cells cells;
  std::istringstream row(line.substr(1));
  for (std::string cell; std::getline(row, cell, '|');) {
    std::ranges::replace(cell, ';', ' ');
    std::istringstream numbers(cell);
    cells.emplace_back(std::istream_iterator<float>(numbers), std::istream_iterator<float>());
  }
  return cells;
}

// The rows of the table behind the comment "<!-- name", without its heading.
std::vector<Cells> example(const std::string& name) {
  std::ifstream page(source_folder() / "docs" / "how-rwkv-works.md");
  std::vector<Cells> rows;
  bool found = false;
  for (std::string line; std::getline(page, line);) {
    found = found || line.starts_with("<!-- " + name);
    if (found && line.starts_with("| ") && std::isdigit(static_cast<unsigned char>(line[2])) != 0)
      rows.push_back(cells_of(line));
    if (found && !rows.empty() && line.empty()) break;
  }
  return rows;
}

class WorkedExampleOn : public OnEachTarget {};

TEST_P(WorkedExampleOn, OfVersion4) {
  const auto rows = example("wkv4");
  ASSERT_EQ(rows.size(), 3);
  const std::vector<float> w = {-std::log(2.0f)}, u = {std::log(3.0f)};
  std::vector<float> aa = {0}, bb = {0}, pp = {-1e38f}, wkv = {0};
  for (const Cells& row : rows) {
    ASSERT_EQ(row.size(), 7);
    wkv4(w, u, row[1], row[2], {aa, bb, pp}, wkv);
    const float found[] = {wkv[0], aa[0], bb[0], pp[0]};
    for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(found[i], row[3 + i].at(0), 1e-5) << "token " << row[0][0];
  }
}

TEST_P(WorkedExampleOn, OfVersion7) {
  const auto rows = example("wkv7");
  ASSERT_EQ(rows.size(), 3);
  constexpr size_t N = 2;
  std::vector<float> S(N * N), y(N);  // S: [key][value]
  for (const Cells& row : rows) {
    ASSERT_EQ(row.size(), 9);
    const auto input = [&](size_t i) { return MatSpan<const float>(row[i].data(), 1, N); };
    wkv7({input(1), input(2), input(3), input(4), input(5), input(6)}, N, S, {y.data(), 1, N});
    EXPECT_EQ(y, row[8]) << "token " << row[0][0];
    EXPECT_EQ((std::vector{S[0], S[2], S[1], S[3]}), row[7]) << "token " << row[0][0];
  }
}

RWKV_TEST_ON_EACH_TARGET(WorkedExampleOn);

}  // namespace
}  // namespace rwkv
