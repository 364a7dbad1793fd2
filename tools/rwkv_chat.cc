// rwkv-chat: talks with a model.
#include "chat/chat.h"
#include "common/load_model.h"
#include "common/sampling_options.h"
#include "common/tool.h"
#include "core/atomic_file.h"
#include "generate/vocabulary.h"

namespace {

using namespace rwkv;

int run(ChatOptions options) {
  apply_target_environment();
  if (!options.state.empty()) check_output(options.state);
  const Model model = load_model(
      "rwkv-chat", options.model,
      {.access = options.access, .group_norm_eps = options.group_norm_eps, .n_threads = options.threads});
  check_ids(options.continuation, model.info().n_vocab);
  const auto tokenizer = load_vocabulary("rwkv-chat", options.vocabulary, model, options.continuation);
  Chat(options, model, *tokenizer).run();
  return kSuccess;
}

}  // namespace

int main(int argc, char** argv) {
  return run_tool("rwkv-chat", [&] {
    auto options = parse_chat_options(argc, argv);
    return options ? run(std::move(*options)) : kSuccess;
  });
}
