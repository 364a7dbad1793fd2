#include "generate/jsonl_source.h"

#include <unistd.h>

#include <filesystem>
#include <utility>

#include "common/tool.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "session/state_file.h"

namespace rwkv {
namespace {

// Identifies a file in any spelling: a missing file by its folder, a symbolic link, also to a missing file,
// by its target.
std::string same_file(const std::string& spelled) {
  namespace fs = std::filesystem;
  if (spelled.empty()) return {};
  std::error_code error;
  fs::path path = fs::absolute(spelled, error);
  for (int n_links = 0; n_links < 40 && fs::is_symlink(path, error); ++n_links)
    path = path.parent_path() / fs::read_symlink(path, error);
  const fs::path known = fs::weakly_canonical(path, error);
  return error ? spelled : known.string();
}

}  // namespace

JsonlSource::JsonlSource(const GenerateOptions& options, const Tokenizer* tokenizer, const Runner& runner)
    : defaults_{options.continuation, options.state_in, tokenizer, runner.model().info().n_vocab},
      runner_(runner),
      lines_(STDIN_FILENO) {
  tell_of_terminal("requests");
}

std::optional<BatchJob> JsonlSource::next(bool wait) {
  if (!held_) held_ = next_request(wait);
  if (!held_ || must_wait(*held_)) return std::nullopt;
  return job_of(*std::exchange(held_, std::nullopt));
}

std::optional<Request> JsonlSource::next_request(bool wait) {
  while (const auto line = lines_.next(wait)) {
    if (line->find_first_not_of(" \t\r") != std::string::npos)
      return parse_request(*line, lines_.line_number(), defaults_);
  }
  return std::nullopt;
}

bool JsonlSource::must_wait(const Request& request) const {
  return being_written_.contains(same_file(request.state_in)) ||
         being_written_.contains(same_file(request.state_out));
}

// Checks before the work that the output can be written.
Sequence JsonlSource::start_of(const Request& request) const {
  if (!request.state_out.empty()) check_output(request.state_out);
  if (request.state_in.empty()) return runner_.new_sequence();
  return load_state(request.state_in, runner_.model(), stop_requested);
}

BatchJob JsonlSource::job_of(Request request) {
  BatchJob job{
      .number = n_requests_++, .prompt = std::move(request.prompt), .error = std::move(request.error)};
  try {
    if (job.error.empty()) job.continuation = {start_of(request), request.continuation};
  } catch (const Error& e) {
    job.error = e.kind() == ErrorKind::kInterrupted ? request.state_in + ": interrupted" : e.what();
  }
  job.begins_anew = request.state_in.empty() && !job.prompt.empty();
  std::string written = same_file(request.state_out);
  if (!written.empty()) being_written_.insert(written);
  in_flight_[job.number] = {std::move(request), std::move(written)};
  return job;
}

std::string JsonlSource::answer(BatchJob& job) {
  const auto [request, written] = std::move(in_flight_.extract(job.number).mapped());
  being_written_.erase(written);
  if (!request.state_out.empty() && (job.error.empty() || job.error == kInterruptedError)) {
    try {
      save_state(request.state_out, job.continuation.sequence(), runner_.model());
    } catch (const Error& e) {
      job.error = e.what();
    }
  }
  return answer_line(request, job, defaults_.tokenizer) + '\n';
}

std::string JsonlSource::origin(const BatchJob& job) const {
  return "line " + std::to_string(in_flight_.at(job.number).request.line);
}

uint64_t JsonlSource::n_expected() const {
  const double share = lines_.share_taken();
  return share > 0 ? static_cast<uint64_t>(static_cast<double>(n_requests_) / share) : 0;
}

}  // namespace rwkv
