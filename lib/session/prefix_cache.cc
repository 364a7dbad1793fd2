#include "session/prefix_cache.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdio>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "formats/tensor_file.h"
#include "session/fingerprint.h"
#include "session/state_file.h"

namespace rwkv {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxWarnings = 100;

uint64_t bytes_of(const Sequence& sequence, size_t n_ids) {
  return sequence.state.bytes() + sequence.logits.size() * sizeof(float) + n_ids * sizeof(TokenId) + 256;
}

// A file that a killed writer left: NAME.state.XXXXXX. For an hour it may belong to a running writer.
bool is_left_over(const fs::directory_entry& file) {
  std::error_code error;
  const auto age = fs::file_time_type::clock::now() - file.last_write_time(error);
  return file.path().filename().string().find(".state.") != std::string::npos && !error &&
         age > std::chrono::hours(1);
}

}  // namespace

PrefixCache::PrefixCache(const Model& model, PrefixCacheOptions options)
    : model_(model), options_(std::move(options)) {
  seed_ = 0xCBF29CE484222325 ^ std::bit_cast<uint32_t>(model.info().group_norm_eps);
  if (options_.folder.empty()) return;
  options_.folder /= fingerprint(model.file());
  std::error_code error;
  // States contain what was read, which may be private.
  if (fs::create_directories(options_.folder, error))
    fs::permissions(options_.folder, fs::perms::owner_all, error);
  if (error) throw Error(ErrorKind::kIo, options_.folder.string() + ": " + error.message());
  take_up_folder();
}

uint64_t PrefixCache::hash_of(std::span<const TokenId> ids) const {
  uint64_t hash = seed_;
  for (const TokenId id : ids) hash = hash_step(hash, id);
  return hash;
}

fs::path PrefixCache::path_of(uint64_t hash) const {
  char name[32];
  std::snprintf(name, sizeof name, "%016llx.state", static_cast<unsigned long long>(hash));
  return options_.folder / name;
}

void PrefixCache::warn(const std::string& message) {
  if (warnings_.size() < kMaxWarnings) warnings_.push_back(message + ": left out");
}

// Oldest first, so that the newest end up in front.
void PrefixCache::take_up_folder() {
  std::error_code error;
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  for (const auto& file : fs::directory_iterator(options_.folder, error)) {
    std::error_code ignored;
    if (is_left_over(file)) fs::remove(file.path(), ignored);
    if (file.path().extension() == ".state") files.emplace_back(file.last_write_time(ignored), file.path());
  }
  if (error) throw Error(ErrorKind::kIo, options_.folder.string() + ": " + error.message());
  std::ranges::sort(files);
  for (const auto& [time, path] : files) take_up(path);
  make_room();
}

void PrefixCache::take_up(const fs::path& path) {
  try {
    const TensorFile file = TensorFile::open(path);
    Entry entry{.ids = read_history(file), .file_bytes = file.file_bytes()};
    entry.hash = hash_of(entry.ids);
    if (entry.ids.empty() || path_of(entry.hash) != path) return;  // of another group norm's epsilon
    file_bytes_ += entry.file_bytes;
    entries_.push_front(std::move(entry));
    by_hash_[entries_.front().hash] = entries_.begin();
  } catch (const Error& e) {
    warn(e.what());
  }
}

std::optional<Sequence> PrefixCache::find(std::span<const TokenId> ids) {
  std::vector<uint64_t> hashes{seed_};
  for (const TokenId id : ids) hashes.push_back(hash_step(hashes.back(), id));
  const std::lock_guard lock(mutex_);
  for (size_t n = ids.size(); n > 0; --n) {
    const auto found = by_hash_.find(hashes[n]);
    if (found == by_hash_.end() || !std::ranges::equal(found->second->ids, ids.first(n))) continue;
    const auto entry = found->second;
    entries_.splice(entries_.begin(), entries_, entry);
    if (!entry->sequence && !load(*entry)) {
      by_hash_.erase(found);
      entries_.erase(entry);
      continue;
    }
    Sequence sequence = *entry->sequence;
    make_room();
    return sequence;
  }
  return std::nullopt;
}

// False: the file, and with it the entry, is useless.
bool PrefixCache::load(Entry& entry) {
  const fs::path path = path_of(entry.hash);
  std::error_code ignored;
  try {
    auto sequence = std::make_shared<const Sequence>(load_state(path, model_));
    if (sequence->n_tokens != entry.ids.size()) throw Error(ErrorKind::kFormat, path.string() + ": broken");
    hold(entry, std::move(sequence));
    fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
    return true;
  } catch (const Error& e) {
    if (fs::exists(path, ignored)) warn(e.what());  // else another process has removed it
    file_bytes_ -= entry.file_bytes;
    return false;
  }
}

void PrefixCache::hold(Entry& entry, std::shared_ptr<const Sequence> sequence) {
  entry.memory_bytes = bytes_of(*sequence, entry.ids.size());
  entry.sequence = std::move(sequence);
  memory_bytes_ += entry.memory_bytes;
}

void PrefixCache::insert(std::span<const TokenId> ids, const Sequence& sequence) {
  if (ids.empty() || bytes_of(sequence, ids.size()) > options_.max_bytes) return;
  const uint64_t hash = hash_of(ids);
  const std::lock_guard lock(mutex_);
  if (const auto found = by_hash_.find(hash); found != by_hash_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return;  // of two texts with the same hash the first stays
  }
  Sequence kept = sequence;
  kept.sampler = {};
  entries_.push_front({.hash = hash, .ids = {ids.begin(), ids.end()}});
  by_hash_[hash] = entries_.begin();
  hold(entries_.front(), std::make_shared<const Sequence>(std::move(kept)));
  make_room();
}

void PrefixCache::forget_file(Entry& entry) {
  std::error_code ignored;
  fs::remove(path_of(entry.hash), ignored);
  file_bytes_ -= std::exchange(entry.file_bytes, 0);
  entry.unwritable = true;
}

// Removes entries, the least recently used first; the first entry stays.
void PrefixCache::make_room() {
  for (auto entry = entries_.end(); entry != entries_.begin();) {
    if (memory_bytes_ <= options_.max_bytes && file_bytes_ <= options_.max_bytes) return;
    if (--entry == entries_.begin()) return;
    if (file_bytes_ > options_.max_bytes && entry->file_bytes > 0) forget_file(*entry);
    if (memory_bytes_ > options_.max_bytes && entry->sequence) {
      memory_bytes_ -= std::exchange(entry->memory_bytes, 0);
      entry->sequence.reset();
    }
    if (entry->sequence || entry->file_bytes > 0) continue;
    by_hash_.erase(entry->hash);
    entry = entries_.erase(entry);
  }
}

// The oldest, which is the first that might be lost.
PrefixCache::Entries::iterator PrefixCache::next_unwritten() {
  for (auto entry = entries_.end(); entry != entries_.begin();) {
    --entry;
    if (entry->sequence && entry->file_bytes == 0 && !entry->unwritable) return entry;
  }
  return entries_.end();
}

void PrefixCache::write_back() {
  if (options_.folder.empty()) return;
  for (std::unique_lock lock(mutex_);;) {
    const auto next = next_unwritten();
    if (next == entries_.end()) return;
    const Entry copy = *next;
    lock.unlock();
    std::string error;
    uint64_t n_bytes = 0;
    try {
      save_state(path_of(copy.hash), *copy.sequence, model_, copy.ids);
      n_bytes = fs::file_size(path_of(copy.hash));
    } catch (const std::exception& e) {
      error = e.what();
    }
    lock.lock();
    const auto found = by_hash_.find(copy.hash);
    if (found == by_hash_.end()) continue;  // the file stays for the next start
    Entry& entry = *found->second;
    entry.unwritable = !error.empty();
    if (entry.unwritable) warn(error);
    entry.file_bytes = n_bytes;
    file_bytes_ += n_bytes;
    make_room();
  }
}

PrefixCache::Stats PrefixCache::stats() const {
  const std::lock_guard lock(mutex_);
  const bool lacking = !options_.folder.empty() && std::ranges::any_of(entries_, [](const Entry& e) {
    return e.sequence && e.file_bytes == 0 && !e.unwritable;
  });
  return {entries_.size(), memory_bytes_, file_bytes_, lacking};
}

std::vector<std::string> PrefixCache::take_warnings() {
  const std::lock_guard lock(mutex_);
  return std::exchange(warnings_, {});
}

Sequence read_through(PrefixCache& cache, Runner& runner, std::span<const TokenId> ids) {
  auto known = cache.find(ids);
  Sequence sequence = known ? std::move(*known) : runner.new_sequence();
  while (sequence.n_tokens < ids.size()) {
    const auto begin = static_cast<size_t>(sequence.n_tokens);
    const size_t end = std::min(ids.size(), (begin / kPrefixInterval + 1) * kPrefixInterval);
    runner.read(sequence, ids.subspan(begin, end - begin));
    if (sequence.n_tokens < end) break;
    cache.insert(ids.first(end), sequence);
  }
  return sequence;
}

}  // namespace rwkv
