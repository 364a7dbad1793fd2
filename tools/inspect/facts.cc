#include "inspect/facts.h"

#include <filesystem>

#include "checkpoint/merge.h"
#include "checkpoint/vocabulary.h"
#include "common/signals.h"
#include "core/error.h"
#include "model/architecture.h"
#include "model/model.h"
#include "model/state.h"
#include "model/tuned_state.h"
#include "text/tokenizer.h"

namespace rwkv {
namespace {

// By the sizes that released models have.
std::string fitting_tokenizer(size_t n_vocab) {
  switch (n_vocab) {
    case 65536:
      return "World";
    case 50277:
    case 50304:
      return "20B (GPT-NeoX)";
    case 256:
      return "bytes";
    default:
      return "its own";
  }
}

std::string without_path(std::string message, const std::string& path) {
  if (message.starts_with(path + ": ")) message.erase(0, path.size() + 2);
  return message;
}

void add_model(const TensorFile& file, FileFacts& facts) {
  const ModelInfo info = detect_model(file);
  facts.kind = "model";
  facts.tokenizer = fitting_tokenizer(info.n_vocab);
  facts.state_bytes = State::byte_size(architecture_of(file).state_parts(info), info.n_layers);
  facts.memory.push_back({"as stored", footprint(file)});
  for (const DTypeInfo& type : kDTypes) {
    if (type.has_products && !type.elements)
      facts.memory.push_back({std::string(type.name), footprint(file, type.dtype)});
  }
  facts.model = info;
  try {
    facts.problem = check_model(file).warning.value_or("");
  } catch (const Error& e) {
    facts.problem = without_path(e.what(), facts.path);
  }
}

struct Maker {
  std::string_view key, name;  // of the metadata; an empty name: the value tells it
};
constexpr auto kMakers = std::to_array<Maker>({
    {"producer", ""},
    {"general.quantized_by", ""},
    {"pytorch-lightning_version", "PyTorch Lightning"},
});

std::string maker_of(const TensorFile& file) {
  for (const auto& [key, name] : kMakers) {
    const auto found = file.metadata().find(std::string(key));
    if (found != file.metadata().end()) return name.empty() ? found->second : std::string(name);
  }
  if (file.format().starts_with("PyTorch")) return "torch.save()";
  return "";
}

void add_kind(const TensorFile& file, FileFacts& facts) {
  if (file.metadata().contains(kStateFileKey)) {
    facts.kind = "state";
    facts.state = read_state_info(file);
  } else if (has_package_state(file)) {
    facts.kind = "state of the rwkv package";
  } else if (has_tuned_state(file) && file.find("emb.weight") == nullptr) {
    facts.kind = "tuned state";
    facts.tuned_state = tuned_state_shape(file);
    facts.state_order = state_order_name(stored_state_order(file));
  } else if (facts.adapter = adapter_description(file); !facts.adapter.empty()) {
    facts.kind = "adapter";
  } else {
    try {
      add_model(file, facts);
    } catch (const Error& e) {
      facts.kind = "tensors";
      facts.not_a_model = without_path(e.what(), facts.path);
    }
  }
}

}  // namespace

FileFacts facts_of(const TensorFile& file) {
  FileFacts facts;
  facts.path = file.path();
  facts.format = file.format();
  facts.file_bytes = file.file_bytes();
  facts.metadata = file.metadata();
  facts.naming = file.naming();
  facts.maker = maker_of(file);
  facts.n_tensors = file.tensors().size();
  facts.parameters = footprint(file).parameters;
  for (const auto& tensor : file.tensors()) {
    DTypeUse& use = facts.dtypes[std::string(dtype_info(tensor.dtype).name)];
    ++use.tensors;
    use.bytes += byte_size(tensor);
  }
  add_kind(file, facts);
  return facts;
}

FileFacts facts_of_vocabulary(const std::string& path) {
  const auto tokenizer = load_vocabulary(path, stop_requested);
  FileFacts facts;
  facts.path = path;
  facts.kind = "vocabulary";
  facts.format = tokenizer->kind();
  facts.vocab_size = tokenizer->vocab_size();
  std::error_code error;
  if (const auto size = std::filesystem::file_size(path, error); !error) facts.file_bytes = size;
  return facts;
}

}  // namespace rwkv
