// Keeps states of what a model has read, so that a prompt with the same beginning starts from one of them.
#pragma once
#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/model.h"
#include "session/runner.h"
#include "session/sequence.h"

namespace rwkv {

struct PrefixCacheOptions {
  uint64_t max_bytes = uint64_t{1} << 30;  // of states in memory; as much again for files in the folder
  std::filesystem::path folder{};          // empty: memory only
};

// Sequences that began in the model's initial state, found by the ids they have read; the least recently used
// are dropped first. A sequence found has the bits that reading the ids would give. Several threads may use a
// cache. Files are state files with a history (state_file.h), named by a hash of the model's fingerprint, its
// group norm's epsilon and the ids. Several processes may share a folder.
class PrefixCache {
 public:
  // Makes the folder if needed, and finds the states of this model in it. `model` must outlive this. Error
  // kIo: the folder cannot be made or read.
  PrefixCache(const Model& model, PrefixCacheOptions options);

  // The sequence of the longest known beginning of `ids`, which may be all of them; n_tokens is the length.
  // Its sampler has drawn nothing.
  std::optional<Sequence> find(std::span<const TokenId> ids);
  // `sequence` has read `ids`; the sampler's part of it is dropped.
  void insert(std::span<const TokenId> ids, const Sequence& sequence);
  // Writes the entries that are not in the folder yet. Call it now and then, from one thread at a time; does
  // nothing without a folder.
  void write_back();

  struct Stats {
    uint64_t n_states = 0, memory_bytes = 0, file_bytes = 0;
    bool wants_write_back = false;
  };
  Stats stats() const;
  // Failures with files since the last call, a sentence each. The cache works without these files.
  std::vector<std::string> take_warnings();

 private:
  struct Entry {
    uint64_t hash = 0;
    std::vector<TokenId> ids;
    std::shared_ptr<const Sequence> sequence{};  // null: only on disk
    uint64_t memory_bytes = 0, file_bytes = 0;   // 0: not there
    bool unwritable = false;                     // or the file was removed to make room
  };
  using Entries = std::list<Entry>;  // the most recently used first

  uint64_t hash_step(uint64_t hash, TokenId id) const { return (hash ^ id) * 0x100000001B3; }
  uint64_t hash_of(std::span<const TokenId> ids) const;
  std::filesystem::path path_of(uint64_t hash) const;
  void take_up_folder();
  void take_up(const std::filesystem::path& path);
  bool load(Entry& entry);
  Entries::iterator next_unwritten();
  void hold(Entry& entry, std::shared_ptr<const Sequence> sequence);
  void make_room();
  void forget_file(Entry& entry);
  void warn(const std::string& message);

  const Model& model_;
  PrefixCacheOptions options_;
  uint64_t seed_;  // of the hashes
  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<uint64_t, Entries::iterator> by_hash_;
  uint64_t memory_bytes_ = 0, file_bytes_ = 0;
  std::vector<std::string> warnings_;
};

// The most tokens between two states that are kept of a long prompt.
constexpr size_t kPrefixInterval = 512;

// Reads all of `ids` into a new sequence, beginning at a known state; keeps states on the way and at the end.
// When the runner is asked to stop, the sequence ends with the last id read.
Sequence read_through(PrefixCache& cache, Runner& runner, std::span<const TokenId> ids);

}  // namespace rwkv
