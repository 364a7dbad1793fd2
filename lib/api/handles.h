// The contents of the C interface's handles. A handle keeps its model alive.
#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "model/model.h"
#include "rwkv/rwkv.h"
#include "sampling/stop_text.h"
#include "session/sequence.h"
#include "text/tokenizer.h"
#include "text/utf8_joiner.h"

struct rwkv_model {
  std::shared_ptr<const rwkv::Model> model;
  rwkv::State initial;  // owns the parts' names
  std::string warning;
};

struct rwkv_sequence {
  std::shared_ptr<const rwkv::Model> model;
  rwkv::Sequence sequence;
};

struct rwkv_runner {
  std::shared_ptr<const rwkv::Model> model;
  rwkv::Workspace workspace;
  std::atomic<bool> busy = false, cancelled = false;
};

struct rwkv_vocab {
  std::shared_ptr<const rwkv::Tokenizer> tokenizer;
};

struct rwkv_stream {
  std::shared_ptr<const rwkv::Tokenizer> tokenizer;
  rwkv::StopText stop_text;
  rwkv::Utf8Joiner joiner;
  std::string pending{};  // bytes in stop_text that joiner has not received yet
  std::string shown{};    // the text that the last call returned
  bool stopped = false;
};
