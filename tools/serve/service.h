// The answers of rwkv-serve, route by route.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "serve/api_answer.h"
#include "serve/api_request.h"
#include "serve/engine.h"
#include "serve/guard.h"
#include "serve/http.h"
#include "serve/metrics.h"
#include "serve/states.h"

namespace rwkv {

// The parts that the service uses; they must outlive it.
struct ServiceParts {
  const Model& model;
  const Tokenizer& tokenizer;
  Engine& engine;
  PrefixCache& cache;
  Metrics& metrics;
  const SavedStates& states;
};

class Service {
 public:
  Service(const ServiceParts& parts, ApiDefaults defaults, GuardOptions guard, std::string model_name);

  // Answers that need no body: access denied, or nothing at this path.
  std::optional<HttpResponse> check(const HttpRequest& head);
  void handle(HttpRequest request, std::shared_ptr<Responder> responder);

 private:
  struct Call;
  struct Route;
  static const Route kRoutes[];
  static const Route* find_route(const HttpRequest& request);

  HttpResponse refuse(const HttpRequest& head, unsigned status, const std::string& message);
  void page(Call& call);
  void health(Call& call);
  void metrics(Call& call);
  void models(Call& call);
  void tokenizer_info(Call& call);
  void tokenize(Call& call);
  void detokenize(Call& call);
  void complete(Call& call);
  void chat(Call& call);
  void list_states(Call& call);
  void make_state(Call& call);
  void delete_state(Call& call);

  void run(Call& call, ApiRequest request);
  void submit(Call& call, std::vector<EngineJob> jobs, Engine::Listener listener);

  ServiceParts parts_;
  ApiDefaults defaults_;
  GuardOptions guard_;
  std::string model_name_;
  std::atomic<uint64_t> n_answers_ = 0;
};

}  // namespace rwkv
