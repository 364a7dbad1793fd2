// The C interface: models.
#include "model/model.h"

#include <array>

#include "api/boundary.h"
#include "api/handles.h"
#include "core/available_threads.h"
#include "core/thread_pool.h"

namespace {

using namespace rwkv;

size_t count_floats(const State& state) { return state.bytes() / sizeof(float); }

rwkv_info info_of(const rwkv_model& handle) {
  const ModelInfo& info = handle.model->info();
  rwkv_info result{};
  info.version.copy(result.version, sizeof result.version - 1);
  result.n_layers = info.n_layers;
  result.n_embd = info.n_embd;
  result.n_att = info.n_att;
  result.n_ffn = info.n_ffn;
  result.n_vocab = info.n_vocab;
  result.n_heads = info.n_heads;
  result.head_size = info.head_size;
  result.n_parts = handle.initial.parts().size();
  result.n_state_floats = count_floats(handle.initial);
  return result;
}

rwkv_part part_of(const StatePart& part) {
  rwkv_part result{};
  result.name = part.name.c_str();
  result.n_floats = element_count(part.shape);
  result.n_dims = part.shape.size();
  result.initial = part.initial;
  if (result.n_dims > std::size(result.shape))
    throw Error(ErrorKind::kUnsupported, "a part of more than 4 dimensions");
  std::ranges::copy(part.shape, result.shape);
  return result;
}

}  // namespace

rwkv_model* rwkv_model_load(const char* path, const rwkv_load_options* options, rwkv_error* error) {
  return guarded_pointer(error, [&] {
    const auto o = read_struct(options, rwkv_load_options RWKV_LOAD_OPTIONS_INIT, "options");
    if (o.access != RWKV_LOAD_MAP && o.access != RWKV_LOAD_COPY) refuse("options.access is no rwkv_load");
    LoadOptions wanted;
    wanted.access = o.access == RWKV_LOAD_COPY ? FileAccess::kCopy : FileAccess::kMap;
    if (o.group_norm_eps != 0) wanted.group_norm_eps = o.group_norm_eps;
    wanted.n_threads = o.n_threads == 0 ? available_threads() : o.n_threads;
    auto model = std::make_shared<const Model>(Model::load(&given(path, "path"), wanted));
    State initial = model->initial_state();
    std::string warning = model->warning().value_or("");
    return new rwkv_model{std::move(model), std::move(initial), std::move(warning)};
  });
}

void rwkv_model_free(rwkv_model* model) { delete model; }

const char* rwkv_model_warning(const rwkv_model* model) {
  return model == nullptr || model->warning.empty() ? nullptr : model->warning.c_str();
}

int rwkv_model_info(const rwkv_model* model, rwkv_info* info, rwkv_error* error) {
  return guarded(error, [&] {
    write_struct(info, info_of(given(model, "model")), "info");
    return RWKV_OK;
  });
}

int rwkv_model_part(const rwkv_model* model, size_t index, rwkv_part* part, rwkv_error* error) {
  return guarded(error, [&] {
    const auto& parts = given(model, "model").initial.parts();
    if (index >= parts.size()) {
      refuse("part " + std::to_string(index) + ": a layer's state has " + std::to_string(parts.size()));
    }
    write_struct(part, part_of(parts[index]), "part");
    return RWKV_OK;
  });
}
