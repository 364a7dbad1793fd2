// Rows of text in aligned columns.
#pragma once
#include <ostream>
#include <string>
#include <vector>

namespace rwkv {

class TextTable {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }  // one cell for each column
  // Prints titles and rows with two spaces between columns; leaves out a column without text in any row.
  // Texts are UTF-8 whose characters are one place wide.
  void print(std::ostream& out) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace rwkv
