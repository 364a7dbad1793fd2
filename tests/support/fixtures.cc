#include "support/fixtures.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include "support/source_folder.h"

namespace rwkv {
namespace {

const std::filesystem::path kSource = source_folder();

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + path.string());
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

// Folders below `root` that hold a tokens.json.
std::vector<Fixture> fixtures_below(const std::filesystem::path& root) {
  std::vector<Fixture> fixtures;
  if (!std::filesystem::exists(root)) return fixtures;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    if (std::filesystem::exists(entry.path() / "tokens.json")) fixtures.push_back({entry.path()});
  }
  std::ranges::sort(fixtures, {}, &Fixture::folder);
  return fixtures;
}

boost::json::object facts_of(const Fixture& fixture) {
  return boost::json::parse(slurp(fixture.folder / "tokens.json")).as_object();
}

}  // namespace

std::vector<TokenId> Fixture::tokens() const {
  return boost::json::value_to<std::vector<TokenId>>(facts_of(*this).at("tokens"));
}

std::vector<std::string> Fixture::checkpoints() const {
  const auto facts = facts_of(*this);
  if (facts.contains("models")) return boost::json::value_to<std::vector<std::string>>(facts.at("models"));
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto suffix = entry.path().extension();
    if (suffix == ".pth" || suffix == ".safetensors" || suffix == ".gguf")
      names.push_back(entry.path().filename().string());
  }
  return names;
}

std::vector<Fixture> golden_fixtures() { return fixtures_below(kSource / "tests/golden/fixtures"); }

std::vector<Fixture> shared_fixtures() {
  auto fixtures = fixtures_below(kSource / "../shared/fixtures/own");
  const auto foreign = fixtures_below(kSource / "../shared/fixtures/foreign");
  fixtures.insert(fixtures.end(), foreign.begin(), foreign.end());
  return fixtures;
}

std::vector<Fixture> form_fixtures() {
  const auto shared = kSource / "../shared/fixtures/forms";
  auto fixtures = fixtures_below(std::filesystem::exists(shared) ? shared : kSource / "tests/golden/forms");
  // Tokenizers, adapters and states have tests of their own.
  std::erase_if(fixtures, [](const Fixture& fixture) {
    const auto facts = facts_of(fixture);
    return !facts.contains("tokens") || facts.contains("merge") || facts.contains("states");
  });
  return fixtures;
}

NpyMatrix read_npy(const std::filesystem::path& path) {
  const std::string file = slurp(path);
  constexpr size_t kPreamble = 10;  // magic, version, u16 length of the header
  uint16_t header_bytes = 0;
  std::memcpy(&header_bytes, &file.at(kPreamble - 2), 2);
  const std::string header = file.substr(kPreamble, header_bytes);
  NpyMatrix matrix;
  const size_t shape = header.find("'shape': (");
  if (header.find("'<f4'") == std::string::npos || shape == std::string::npos ||
      std::sscanf(&header[shape], "'shape': (%zu, %zu)", &matrix.rows, &matrix.cols) != 2) {
    throw std::runtime_error(path.string() + ": not a float32 matrix");
  }
  matrix.values.resize(matrix.rows * matrix.cols);
  std::memcpy(matrix.values.data(), &file.at(kPreamble + header_bytes), matrix.values.size() * sizeof(float));
  return matrix;
}

}  // namespace rwkv
