// Loads models and vocabularies for the tools.
#pragma once
#include <memory>
#include <ostream>
#include <string>

#include "model/model.h"
#include "text/tokenizer.h"

namespace rwkv {

// Model::load(), with its warning on stderr after the tool's name. A signal ends the wait for a model that
// comes through a pipe.
Model load_model(const char* tool, const std::string& path, LoadOptions options);

// The vocabulary at `path`. Error when it does not fit the model; warns on stderr when the model was
// converted with another vocabulary.
std::unique_ptr<const Tokenizer> load_vocabulary_of(const char* tool, const std::string& path,
                                                    const Model& model);

// For --stats: one line about the tensors that were made at load, if any.
void print_made_at_load(std::ostream& out, const Model& model);

}  // namespace rwkv
