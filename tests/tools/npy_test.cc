#include "common/npy.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/fixtures.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

std::string file_of(std::string header, std::string_view data, char version = 1) {
  std::string file = "\x93NUMPY";
  (file += version) += '\0';
  file += static_cast<char>(header.size());
  file += version == 1 ? std::string(1, '\0') : std::string(3, '\0');
  return (file += header) += data;
}

std::string message_of(const TempDir& folder, const std::string& content) {
  write_file(folder / "x.npy", content);
  try {
    NpyFile::open(folder / "x.npy");
  } catch (const Error& e) {
    EXPECT_TRUE(std::string_view(e.what()).starts_with((folder / "x.npy").string())) << e.what();
    return e.what();
  }
  return "opened";
}

TEST(Npy, WritesWhatItReads) {
  const TempDir folder;
  const std::vector<float> rows{1, 2, 3, -4, 5, 6};
  NpyWriter writer(folder / "a.npy", 2, 3);
  writer.write_row(std::span(rows).first(3));
  EXPECT_FALSE(std::filesystem::exists(folder / "a.npy"));
  writer.write_row(std::span(rows).last(3));
  writer.commit();
  const NpyFile file = NpyFile::open(folder / "a.npy");
  ASSERT_EQ(file.rows(), 2);
  ASSERT_EQ(file.cols(), 3);
  std::vector<float> row(3);
  file.read_row(1, row);
  EXPECT_EQ(row, (std::vector<float>{-4, 5, 6}));
  EXPECT_EQ(read_file(folder / "a.npy").size() % 64, 24);  // data begins at a multiple of 64
  EXPECT_EQ(read_npy(folder / "a.npy").values, rows);
}

TEST(Npy, ReadsOtherSpellingsOfTheHeader) {
  const TempDir folder;
  const std::string data(24, '\0');
  EXPECT_EQ(message_of(folder, file_of("{'descr':'<f4','fortran_order':False,'shape':(2,3)}\n", data)),
            "opened");
  EXPECT_EQ(
      message_of(folder, file_of("{'shape': (3, 2,), 'fortran_order': False, 'descr': '<f4'}", data, 2)),
      "opened");
}

TEST(Npy, RefusesOtherFiles) {
  const TempDir folder;
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", data(24, '\0');
  const auto expect = [&](const char* wanted, const std::string& content) {
    EXPECT_NE(message_of(folder, content).find(wanted), std::string::npos) << message_of(folder, content);
  };
  expect("not an .npy file", "");
  expect("not an .npy file", "PK\3\4");
  expect(".npy version 9", file_of(good, data, 9));
  expect("want 'descr': '<f4'", file_of("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", data));
  expect("fortran_order", file_of("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", data));
  expect("'shape': (rows, columns)",
         file_of("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", data));
  expect("23 bytes of data, want 24", file_of(good, std::string(23, '\0')));
  expect("overflows", file_of("{'descr': '<f4', 'fortran_order': False, "
                              "'shape': (999999999999999999, 999999999999999999), }",
                              data));
  for (size_t n = 0; n < good.size(); ++n)
    EXPECT_NE(message_of(folder, file_of(good, data).substr(0, n)), "opened");
}

}  // namespace
}  // namespace rwkv
