// rwkv-serve: answers OpenAI's API over HTTP.
#include <chrono>
#include <filesystem>
#include <iostream>
#include <thread>

#include "common/sampling_options.h"
#include "common/tool.h"
#include "core/error.h"
#include "generate/vocabulary.h"
#include "serve/http_server.h"
#include "serve/options.h"
#include "serve/service.h"

namespace {

using namespace rwkv;

void tell(const std::vector<std::string>& messages) {
  for (const std::string& message : messages) std::cerr << "rwkv-serve: " << message << '\n';
}

// Writes states to the folder in the background; at the end writes the rest.
class Writer {
 public:
  explicit Writer(PrefixCache& cache)
      : cache_(cache), thread_([this](const std::stop_token& stop) { run(stop); }) {}

  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    thread_.request_stop();
    thread_.join();
    write();
  }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      write();
    }
  }
  void write() {
    cache_.write_back();
    tell(cache_.take_warnings());
  }

  PrefixCache& cache_;
  std::jthread thread_;
};

bool is_loopback(const std::string& listen) {
  return listen.starts_with("127.") || listen.starts_with("[::1]:") || listen.starts_with("localhost:") ||
         listen.starts_with("unix:");
}

int run(ServeOptions options) {
  apply_target_environment();
  const Model model =
      Model::load(options.model, {.access = options.access, .group_norm_eps = options.group_norm_eps});
  const size_t n_vocab = model.info().n_vocab;
  const auto tokenizer = load_vocabulary("rwkv-serve", options.vocabulary, model, options.continuation);
  check_ids(options.continuation, n_vocab);

  const std::filesystem::path folder = options.cache;
  const auto part = [&](const char* name) { return folder.empty() ? folder : folder / name; };
  PrefixCache cache(model, {.max_bytes = options.cache_bytes, .folder = part("prefixes")});
  tell(cache.take_warnings());
  const SavedStates states(part("states"), model);
  Draft draft("rwkv-serve", options, model,
              {.n_threads = options.threads, .access = options.access, .quiet = options.quiet});
  Runner runner(model, options.threads);
  Metrics metrics;
  const Writer writer(cache);
  Engine engine(runner, cache, draft.speculation(), metrics, options.engine);
  const ApiDefaults defaults{.continuation = options.continuation,
                             .has_seed = options.has_seed,
                             .tokenizer = tokenizer.get(),
                             .n_vocab = n_vocab,
                             .chat_template = &chat_template_of(options, model.file()),
                             .limits = options.api};
  const std::string name =
      options.alias.empty() ? std::filesystem::path(options.model).stem().string() : options.alias;
  Service service({model, *tokenizer, engine, cache, metrics, states}, defaults, options.guard, name);
  HttpServer server(options.listen, options.http,
                    {[&](const HttpRequest& head) { return service.check(head); },
                     [&](HttpRequest request, std::shared_ptr<Responder> responder) {
                       service.handle(std::move(request), std::move(responder));
                     },
                     api_error});
  if (!is_loopback(options.listen) && options.guard.keys.empty())
    tell(
        {"every machine that reaches this one has access: --api-key-file FILE allows only requests with a "
         "key"});
  if (!options.quiet) std::cerr << "rwkv-serve: listening on " << server.url() << '\n';
  constexpr size_t kNetworkThreads = 2;
  server.run(kNetworkThreads - 1, stop_requested, options.drain_s);
  engine.stop();  // it holds what the server owns
  return kSuccess;
}

}  // namespace

int main(int argc, char** argv) {
  return run_tool("rwkv-serve", [&] {
    auto options = parse_serve_options(argc, argv);
    return options ? run(std::move(*options)) : kSuccess;
  });
}
