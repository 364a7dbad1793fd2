#include "common/load_model.h"

#include <cstdio>
#include <iostream>

#include "checkpoint/vocabulary.h"
#include "common/signals.h"
#include "core/error.h"
#include "formats/tensor_file.h"

namespace rwkv {

Model load_model(const char* tool, const std::string& path, LoadOptions options) {
  options.stop = stop_requested;
  Model model = Model::load(path, options);
  if (const auto warning = model.warning())
    std::cerr << tool << ": warning: " << path << ": " << *warning << '\n';
  return model;
}

std::unique_ptr<const Tokenizer> load_vocabulary_of(const char* tool, const std::string& path,
                                                    const Model& model) {
  auto tokenizer = load_vocabulary(path, stop_requested);
  with_context(path, [&] { tokenizer->check_fits(model.info().n_vocab); });
  if (const auto warning = vocabulary_warning(model.file(), *tokenizer))
    std::cerr << tool << ": warning: " << path << ": " << *warning << '\n';
  return tokenizer;
}

void print_made_at_load(std::ostream& out, const Model& model) {
  const MadeAtLoad made = model.made_at_load();
  if (made.n_tensors == 0) return;
  char text[80];
  std::snprintf(text, sizeof text, "made at load: %zu tensors, %.1f MB\n", made.n_tensors,
                static_cast<double>(made.bytes) * 1e-6);
  out << text;
}

}  // namespace rwkv
