// The options of rwkv-serve.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "common/chat_options.h"
#include "common/common_options.h"
#include "common/draft.h"
#include "serve/api_request.h"
#include "serve/engine.h"
#include "serve/guard.h"
#include "serve/http.h"

namespace rwkv {

struct ServeOptions : CommonOptions, DraftOptions, TemplateOption {
  std::string vocabulary;
  std::string listen = "127.0.0.1:8080", alias, api_key_file, cache;
  uint64_t cache_bytes = uint64_t{1} << 30;
  unsigned drain_s = 30;
  size_t threads = 1;
  bool has_seed = false;  // --seed was given
  ContinuationOptions continuation;
  Engine::Limits engine;
  ApiLimits api;
  HttpLimits http;
  GuardOptions guard;
};

// Nothing when --help or the like was answered. Error kUsage.
std::optional<ServeOptions> parse_serve_options(int argc, const char* const* argv);

}  // namespace rwkv
