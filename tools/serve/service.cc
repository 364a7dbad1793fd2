#include "serve/service.h"

#include <boost/json.hpp>
#include <cstdio>
#include <random>

#include "common/json_fields.h"
#include "common/json_members.h"
#include "common/json_text.h"
#include "core/error.h"
#include "serve/page.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

namespace json = boost::json;

std::string line(const json::value& value) { return json_text(value) + '\n'; }

constexpr std::string_view kStates = "/v1/states";

}  // namespace

// A request on its way to its answer.
struct Service::Call {
  HttpRequest request;
  std::shared_ptr<Responder> responder;
  const Route* route;
  HttpHeaders headers;  // of every answer
  Metrics& metrics;

  void respond(unsigned status, std::string body, HttpHeaders more = {}) const;
  void respond(HttpResponse response) const;
};

struct Service::Route {
  std::string_view method, path;
  bool is_open;  // no key is wanted
  void (Service::*answer)(Call&);
  bool has_name = false;  // behind the path and a slash
};

const Service::Route Service::kRoutes[] = {
    {"GET", "/", true, &Service::page},
    {"GET", "/health", true, &Service::health},
    {"GET", "/metrics", false, &Service::metrics},
    {"GET", "/v1/models", false, &Service::models},
    {"GET", "/tokenizer_info", false, &Service::tokenizer_info},
    {"POST", "/tokenize", false, &Service::tokenize},
    {"POST", "/detokenize", false, &Service::detokenize},
    {"POST", "/v1/completions", false, &Service::complete},
    {"POST", "/v1/chat/completions", false, &Service::chat},
    {"GET", kStates, false, &Service::list_states},
    {"POST", kStates, false, &Service::make_state},
    {"DELETE", kStates, false, &Service::delete_state, true},
};

void Service::Call::respond(HttpResponse response) const {
  response.headers.insert(response.headers.end(), headers.begin(), headers.end());
  metrics.count_answer(std::string(route->path), response.status);
  responder->respond(std::move(response));
}

void Service::Call::respond(unsigned status, std::string body, HttpHeaders more) const {
  respond({.status = status, .body = std::move(body), .headers = std::move(more)});
}

Service::Service(const ServiceParts& parts, ApiDefaults defaults, GuardOptions guard, std::string model_name)
    : parts_(parts),
      defaults_(std::move(defaults)),
      guard_(std::move(guard)),
      model_name_(std::move(model_name)) {}

const Service::Route* Service::find_route(const HttpRequest& request) {
  const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
  for (const Route& route : kRoutes) {
    const bool fits =
        route.has_name ? request.path.starts_with(std::string(route.path) + '/') : request.path == route.path;
    if (fits && route.method == method) return &route;
  }
  return nullptr;
}

HttpResponse Service::refuse(const HttpRequest& head, unsigned status, const std::string& message) {
  parts_.metrics.count_answer("refused", status);
  HttpResponse response{status, api_error(status, message)};
  response.headers = cors_headers(head.origin, guard_);
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

std::optional<HttpResponse> Service::check(const HttpRequest& head) {
  if (!is_known_host(head.host, guard_))
    return refuse(head, 403,
                  "this server has no name '" + head.host.substr(0, 100) + "': rwkv-serve --host NAME");
  if (!is_known_origin(head.origin, head.host, guard_))
    return refuse(head, 403,
                  "pages of this origin have no access: rwkv-serve --cors-origin ORIGIN allows them");
  if (head.method == "OPTIONS") return HttpResponse{204, "", "text/plain", cors_headers(head.origin, guard_)};
  const Route* route = find_route(head);
  if (route == nullptr) {
    for (const Route& other : kRoutes) {
      if (other.path != head.path || other.has_name) continue;
      HttpResponse response = refuse(head, 405, "want " + std::string(other.method));
      response.headers.emplace_back("Allow", other.method);
      return response;
    }
    return refuse(head, 404, "nothing is at " + head.path.substr(0, 100));
  }
  if (!guard_.keys.empty() && !route->is_open && !has_key(head.authorization, guard_.keys))
    return refuse(head, 401, "want a key: Authorization: Bearer KEY");
  return std::nullopt;
}

void Service::handle(HttpRequest request, std::shared_ptr<Responder> responder) {
  const Route* route = find_route(request);
  HttpHeaders headers = cors_headers(request.origin, guard_);
  Call call{std::move(request), std::move(responder), route, std::move(headers), parts_.metrics};
  try {
    (this->*route->answer)(call);
  } catch (const Error& e) {
    const bool is_ours = e.kind() == ErrorKind::kIo;
    call.respond(is_ours ? 500 : 400, api_error(is_ours ? 500 : 400, e.what()));
  } catch (const std::exception& e) {
    call.respond(500, api_error(500, e.what()));
  }
}

// The page may run its own script and nothing else, whatever a model writes.
void Service::page(Call& call) {
  std::random_device device;
  char nonce[40];
  std::snprintf(nonce, sizeof nonce, "%08x%08x%08x%08x", device(), device(), device(), device());
  std::string body(chat_page());
  constexpr std::string_view kPlace = "NONCE_OF_THIS_ANSWER";
  for (size_t at = 0; (at = body.find(kPlace, at)) != std::string::npos;)
    body.replace(at, kPlace.size(), nonce);
  const std::string policy =
      std::string("default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; ") +
      "form-action 'none'; frame-ancestors 'none'; script-src 'nonce-" + nonce + "'; style-src 'nonce-" +
      nonce + "'";
  call.respond({.body = std::move(body),
                .content_type = "text/html; charset=utf-8",
                .headers = {{"Content-Security-Policy", policy},
                            {"Referrer-Policy", "no-referrer"},
                            {"Cache-Control", "no-store"}}});
}

void Service::health(Call& call) { call.respond(200, "{\"status\":\"ok\"}\n"); }

void Service::metrics(Call& call) {
  call.respond(
      {.body = parts_.metrics.text(parts_.cache.stats()), .content_type = "text/plain; version=0.0.4"});
}

void Service::models(Call& call) {
  const ModelInfo& info = parts_.model.info();
  const json::object model{{"id", model_name_},         {"object", "model"},
                           {"owned_by", "local"},       {"rwkv_version", info.version},
                           {"n_layers", info.n_layers}, {"n_embd", info.n_embd},
                           {"n_vocab", info.n_vocab},   {"template", defaults_.chat_template->name}};
  call.respond(200, line(json::object{{"object", "list"}, {"data", json::array{model}}}));
}

void Service::tokenizer_info(Call& call) {
  const std::string_view own = parts_.tokenizer.bytes_of(kEndOfTextId);
  const std::string_view end = own.empty() ? kEndOfTextName : own;
  call.respond(200, line(json::object{{"tokenizer_class", parts_.tokenizer.kind()},
                                      {"vocab_size", parts_.tokenizer.vocab_size()},
                                      {"eos_token", end},
                                      {"bos_token", end},
                                      {"pad_token", end},
                                      {"chat_template", nullptr}}));
}

void Service::tokenize(Call& call) {
  const json::object object = parse_json_object(call.request.body);
  const json::value* text = object.if_contains("prompt");
  if (text == nullptr) throw Error(ErrorKind::kUsage, "no prompt");
  const auto ids = ids_of_text(parts_.tokenizer, text_field("prompt", *text));
  call.respond(200, line(json::object{{"tokens", json::value_from(ids)}, {"count", ids.size()}}));
}

void Service::detokenize(Call& call) {
  const json::object object = parse_json_object(call.request.body);
  const json::value* tokens = object.if_contains("tokens");
  if (tokens == nullptr) throw Error(ErrorKind::kUsage, "no tokens");
  std::string text;
  for (const TokenId id : ids_field("tokens", *tokens, parts_.tokenizer.padded_size()))
    text += parts_.tokenizer.bytes_of(id);
  json::object answer;
  answer["prompt"] = replace_invalid_utf8(text);
  if (!is_valid_utf8(text)) add_bytes(answer, "prompt", text);
  call.respond(200, line(answer));
}

void Service::complete(Call& call) { run(call, parse_completion(call.request.body, defaults_)); }
void Service::chat(Call& call) { run(call, parse_chat_completion(call.request.body, defaults_)); }

void Service::submit(Call& call, std::vector<EngineJob> jobs, Engine::Listener listener) {
  const auto order = parts_.engine.submit(std::move(jobs), std::move(listener));
  if (!order)
    return call.respond(429, api_error(429, "the queue is full: try again soon"), {{"Retry-After", "1"}});
  call.responder->on_gone([&engine = parts_.engine, &metrics = parts_.metrics, order = *order] {
    engine.cancel(order);
    ++metrics.vanished;
  });
}

namespace {

std::vector<EngineJob> jobs_of(const ApiRequest& request, const SavedStates& states) {
  std::optional<Sequence> start;
  if (!request.state_in.empty()) start = states.load(request.state_in);
  if (!request.state_out.empty()) states.check_name(request.state_out);
  std::vector<EngineJob> jobs;
  for (const ApiPrompt& prompt : request.prompts) {
    for (size_t k = 0; k < request.n_choices; ++k) {
      EngineJob job{.prompt = prompt.ids, .options = request.continuation, .start = start};
      job.options.sampler.seed += k;
      job.turn_ends = prompt.turn_ends;
      if (request.echo && request.n_top) job.n_prompt_log_probs = request.continuation.n_log_probs;
      job.in_pieces = request.stream;
      job.wants_end = !request.state_out.empty();
      jobs.push_back(std::move(job));
    }
  }
  return jobs;
}

}  // namespace

void Service::run(Call& call, ApiRequest request) {
  auto jobs = jobs_of(request, parts_.states);
  const auto answer =
      std::make_shared<ApiAnswer>(std::move(request), parts_.tokenizer, model_name_, ++n_answers_);
  const bool stream = answer->request().stream;
  const auto shared = std::make_shared<const Call>(call);
  const auto begun = std::make_shared<bool>(false);
  const auto on_update = [this, shared, answer, begun, stream](const JobUpdate& update) {
    if (answer->is_complete()) return;
    std::string piece;
    if (stream && !std::exchange(*begun, true)) {
      HttpResponse response{
          .body = answer->begin(), .content_type = "text/event-stream", .headers = shared->headers};
      response.headers.emplace_back("Cache-Control", "no-cache");
      response.headers.emplace_back("X-Accel-Buffering", "no");
      shared->metrics.count_answer(std::string(shared->route->path), 200);
      shared->responder->begin(std::move(response));
    }
    piece += answer->add(update);
    if (answer->error().empty() && update.end) parts_.states.save(answer->request().state_out, *update.end);
    if (answer->is_complete() && stream) piece += answer->end();
    if (stream) shared->responder->write(std::move(piece));
    if (!answer->is_complete()) return;
    if (stream) return shared->responder->finish();
    if (!answer->error().empty()) return shared->respond(500, api_error(500, answer->error()));
    shared->respond(200, answer->whole());
  };
  submit(call, std::move(jobs), [shared, on_update](JobUpdate update) {
    shared->responder->post([on_update, update = std::move(update)] { on_update(update); });
  });
}

void Service::list_states(Call& call) {
  json::array data;
  for (const auto& entry : parts_.states.list()) {
    data.push_back({{"id", entry.name},
                    {"object", "state"},
                    {"tokens", entry.n_tokens},
                    {"bytes", entry.n_bytes},
                    {"created", entry.saved_at}});
  }
  call.respond(200, line(json::object{{"object", "list"}, {"data", std::move(data)}}));
}

// Reads a prompt, behind a saved state if there is one, and saves what it leaves: without a prompt, a copy.
void Service::make_state(Call& call) {
  const json::object object = parse_json_object(call.request.body);
  std::string name, from;
  EngineJob job{.prompt = {}, .options = defaults_.continuation, .wants_end = true};
  job.options.max_tokens = 0;
  for (const auto& member : object) {
    const std::string_view key(member.key().data(), member.key().size());
    if (key == "name") {
      name = text_field(key, member.value());
    } else if (key == "from") {
      from = text_field(key, member.value());
    } else if (key == "prompt" && member.value().is_array()) {
      job.prompt = ids_field(key, member.value(), defaults_.n_vocab);
    } else if (key == "prompt") {
      job.prompt = parts_.tokenizer.encode(text_field(key, member.value()));
    } else {
      throw Error(ErrorKind::kUsage, "unknown key '" + std::string(key) + "', want name, prompt and from");
    }
  }
  parts_.states.check_name(name);
  if (job.prompt.size() > defaults_.limits.prompt_tokens)
    throw Error(ErrorKind::kUsage, "the prompt is too long");
  if (!from.empty()) job.start = parts_.states.load(from);
  const auto shared = std::make_shared<const Call>(call);
  std::vector<EngineJob> jobs;
  jobs.push_back(std::move(job));
  submit(call, std::move(jobs), [this, shared, name](JobUpdate update) {
    shared->responder->post([this, shared, name, update = std::move(update)] {
      try {
        if (!update.error.empty()) throw Error(ErrorKind::kIo, update.error);
        parts_.states.save(name, *update.end);
        shared->respond(
            200, line(json::object{{"id", name}, {"object", "state"}, {"tokens", update.end->n_tokens}}));
      } catch (const std::exception& e) {
        shared->respond(500, api_error(500, e.what()));
      }
    });
  });
}

void Service::delete_state(Call& call) {
  const std::string name = call.request.path.substr(kStates.size() + 1);
  if (!parts_.states.remove(name)) return call.respond(404, api_error(404, "no state '" + name + "'"));
  call.respond(200, line(json::object{{"id", name}, {"object", "state"}, {"deleted", true}}));
}

}  // namespace rwkv
