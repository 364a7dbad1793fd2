// The worked example of docs/formats.md, read from the page: where an element of a tile is.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "support/matrices.h"
#include "support/source_folder.h"

namespace rwkv {
namespace {

// "| q8 | 597 | 1066 |": the dtype, bytes that hold the element, and bytes that hold its scale.
struct Row {
  DType dtype;
  std::vector<size_t> code, scale;
};

std::vector<size_t> numbers_of(const std::string& cell) {
  std::istringstream in(cell);
  return {std::istream_iterator<size_t>(in), std::istream_iterator<size_t>()};
}

std::vector<Row> rows_of_page() {
  std::ifstream page(source_folder() / "docs" / "formats.md");
  std::vector<Row> rows;
  bool found = false;
  for (std::string line; std::getline(page, line);) {
    found = found || line.starts_with("<!-- element");
    std::istringstream cells(line);
    std::string before, name, code, scale;
    if (!found || !std::getline(cells, before, '|') || !std::getline(cells, name, '|') ||
        !std::getline(cells, code, '|') || !std::getline(cells, scale, '|'))
      continue;
    std::erase(name, ' ');
    const DTypeInfo* dtype = find_dtype(&DTypeInfo::name, name);
    if (dtype != nullptr) rows.push_back({dtype->dtype, numbers_of(code), numbers_of(scale)});
  }
  return rows;
}

TEST(FormatsPage, ShowsWhereAnElementIs) {
  const auto rows = rows_of_page();
  ASSERT_EQ(rows.size(), 5);
  std::vector<float> values(16 * 64);
  const TensorView matrix{"w", DType::kF32, {16, 64}, std::as_bytes(std::span(values))};
  for (const Row& row : rows) {
    values[5 * 64 + 37] = 0;
    const auto zeros = packed(matrix, row.dtype, Layout::kTiles).bytes;
    values[5 * 64 + 37] = -1.2345678f;
    const auto one = packed(matrix, row.dtype, Layout::kTiles).bytes;
    std::vector<size_t> changed, named = row.code;
    named.insert(named.end(), row.scale.begin(), row.scale.end());
    for (size_t i = 0; i < one.size(); ++i) {
      if (one[i] != zeros[i]) changed.push_back(i);
    }
    EXPECT_EQ(changed, named) << dtype_info(row.dtype).name;
  }
}

}  // namespace
}  // namespace rwkv
