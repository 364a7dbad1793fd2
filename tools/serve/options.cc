#include "serve/options.h"

#include <algorithm>

#include "common/command_line.h"
#include "common/sampling_options.h"
#include "common/vocabulary_path.h"
#include "kernels/targets.h"

namespace rwkv {
namespace {

using Target = ServeOptions;
using Value = OptionValue;

const ToolText kTool{.name = "rwkv-serve",
                     .summary = "answer OpenAI's API over HTTP, and serve a page to chat on",
                     .usage = R"(rwkv-serve -m MODEL -v VOCAB [--listen HOST:PORT | unix:PATH] [options])",
                     .examples = R"(rwkv-serve -m MODEL -v VOCAB --cache DIR
rwkv-serve -m MODEL -v VOCAB --listen 0.0.0.0:80 --api-key-file F --host NAME
curl http://127.0.0.1:8080/v1/completions -d '{"prompt": "Once upon a time"}')",
                     .manual = R"(DESCRIPTION
Serves /v1/completions, /v1/chat/completions, /v1/models, /v1/states, /tokenize, /detokenize, /tokenizer_info, /health,
/metrics, and a page to chat on at /. Requests are decoded together; an answer has the ids that rwkv-generate draws for the
same prompt, options and seed, for any other requests at the same time. A prompt that begins like an earlier one starts
from the state kept of it. docs/serve.md describes everything.

Sampling options are the defaults of requests, where the keys have the names of rwkv-generate's JSON or OpenAI's. -n is
the default of /v1/completions; chats are limited by --max-tokens.

Without --api-key-file anybody who reaches the address has access; it is a loopback address unless --listen names another.

After SIGTERM or SIGINT the server takes no more requests, and finishes its answers for up to --drain seconds.
)",
                     .simd_target = current_target};

constexpr std::string_view kServing = "serving", kAccess = "access", kLimits = "limits";

const Option<Target> kOptions[] = {
    {{"listen", 0, "", "WHERE", kTextType, kServing, "HOST:PORT or unix:PATH (default 127.0.0.1:8080)",
      "Port 0 means any free port; standard error names it.", true},
     [](Target& o, const Value& v) { o.listen = v.text(); }},
    {{"batch", 'b', "", "B", whole(1, 4096), kServing, "decode up to B sequences together (default 16)", "",
      true},
     [](Target& o, const Value& v) { o.engine.batch = v.whole(); }},
    {{"alias", 0, "", "NAME", kTextType, kServing, "the model's name in answers (default: the file's)"},
     [](Target& o, const Value& v) { o.alias = v.text(); }},
    {{"cache", 0, "", "DIR", kFileType, kServing, "keep states here, also after restarts (for /v1/states)",
      "", true},
     [](Target& o, const Value& v) { o.cache = v.text(); }},
    {{"cache-bytes", 0, "", "N", whole(0), kServing, "bytes of kept states (default 1073741824)",
      "In memory, and as much again in DIR; the least recently used are removed first."},
     [](Target& o, const Value& v) { o.cache_bytes = v.whole(); }},
    {{"drain", 0, "", "S", whole(0, 86400), kServing,
      "seconds for unfinished answers after SIGTERM (default 30)"},
     [](Target& o, const Value& v) { o.drain_s = static_cast<unsigned>(v.whole()); }},
    {{"api-key-file", 0, "", "FILE", kFileType, kAccess, "allow only requests with a key; one key a line", "",
      true},
     [](Target& o, const Value& v) { o.api_key_file = v.text(); }},
    {{"host", 0, "", "NAME", kTextsType, kAccess, "a name allowed in the Host header (repeatable)",
      "Beside addresses and localhost. Other names are refused, so that a page whose name was made to point "
      "at this machine has no access."},
     [](Target& o, const Value& v) { o.guard.hosts = v.texts(); }},
    {{"cors-origin", 0, "", "ORIGIN", kTextsType, kAccess, "allow pages of this origin; *: all (repeatable)"},
     [](Target& o, const Value& v) { o.guard.origins = v.texts(); }},
    {{"queue", 0, "", "N", whole(1, 65536), kLimits, "sequences that may wait, else 429 (default 256)"},
     [](Target& o, const Value& v) { o.engine.queue = v.whole(); }},
    {{"max-prompt", 0, "", "N", whole(1, 1 << 24), kLimits, "tokens of a prompt (default 131072)"},
     [](Target& o, const Value& v) { o.api.prompt_tokens = v.whole(); }},
    {{"max-tokens", 0, "", "N", whole(1, 1 << 24), kLimits, "tokens of an answer (default 16384)"},
     [](Target& o, const Value& v) { o.api.answer_tokens = v.whole(); }},
    {{"max-body", 0, "", "N", whole(1, 1 << 30), kLimits, "bytes of a request's body (default 16777216)"},
     [](Target& o, const Value& v) { o.http.body_bytes = v.whole(); }},
    {{"max-connections", 0, "", "N", whole(1, 65536), kLimits, "open connections (default 512)"},
     [](Target& o, const Value& v) { o.http.connections = v.whole(); }},
    {{"idle", 0, "", "S", whole(1, 86400), kLimits, "seconds that a connection may wait (default 75)",
      "For a request's header to arrive."},
     [](Target& o, const Value& v) { o.http.idle_s = static_cast<unsigned>(v.whole()); }},
};

void resolve(const CommandLine& line, Target& o) {
  o.model = model_path(o);
  o.threads = thread_count(o);
  o.vocabulary = required_vocabulary_path(o.vocab);
  o.has_seed = line.given("seed");
  if (o.continuation.max_tokens > o.api.answer_tokens && line.given("tokens"))
    usage_error("-n is more than --max-tokens");
  o.continuation.max_tokens = std::min(o.continuation.max_tokens, o.api.answer_tokens);
  if (o.continuation.n_log_probs > 0) usage_error("--logprobs is a key of requests, not an option here");
  o.api.sequences = o.engine.queue;
  o.guard.any_host = o.listen.starts_with("unix:");
  if (!o.api_key_file.empty()) o.guard.keys = read_keys(o.api_key_file);
}

}  // namespace

std::optional<ServeOptions> parse_serve_options(int argc, const char* const* argv) {
  ServeOptions options;
  options.continuation = default_continuation();
  CommandLine line(kTool);
  line.add(kModelOption, options);
  line.add(kVocabOption, options);
  line.add(kLoadOption, options);
  line.add(kGroupNormOption, options);
  line.add(kTemplateOption, options);
  line.add(kOptions, options);
  line.add(draft_options(), options);
  line.add(continuation_options(), options.continuation);
  line.add(kThreadsOption, options);
  line.add(kQuietOption, options);
  if (!line.parse(argc, argv)) return std::nullopt;
  resolve(line, options);
  return options;
}

}  // namespace rwkv
