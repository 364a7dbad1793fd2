// A model as the tools load it.
#pragma once
#include <memory>
#include <ostream>
#include <string>

#include "model/model.h"
#include "text/tokenizer.h"

namespace rwkv {

// Model::load(); its warning goes to stderr, behind the tool's name. A signal ends the
// wait for one that comes through a pipe.
Model load_model(const char* tool, const std::string& path, LoadOptions options);

// The vocabulary at `path`. Error when it does not fit the model; that it is not the one that the model was
// converted with goes to stderr, behind the tool's name.
std::unique_ptr<const Tokenizer> load_vocabulary_of(const char* tool, const std::string& path,
                                                    const Model& model);

// For --stats: one line on the tensors that were made at load, if there are any.
void print_made_at_load(std::ostream& out, const Model& model);

}  // namespace rwkv
