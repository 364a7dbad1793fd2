#include "score/request.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "common/json_fields.h"
#include "common/json_members.h"
#include "common/json_text.h"
#include "common/option_json.h"
#include "core/error.h"
#include "generate/token_output.h"
#include "score/choice_border.h"
#include "score/json.h"

namespace rwkv {
namespace {

namespace json = boost::json;

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kUsage, message); }

// A context or a choice.
struct Piece {
  std::optional<std::string> text;
  std::vector<TokenId> ids;
};

Piece piece_of(std::string_view key, std::string_view text_of_json, const ScoreRequestContext& context) {
  if (text_of_json.starts_with('[')) return {std::nullopt, ids_of_json(key, text_of_json, context.n_vocab)};
  const json::value value = parse_json(text_of_json);
  if (!value.is_string()) fail_field(key, value, "a text or an array of ids");
  if (context.tokenizer == nullptr) fail(std::string(key) + ": a text wants a vocabulary: -v VOCAB");
  const std::string text = text_field(key, value);
  return {text, context.tokenizer->encode(text)};
}

JoinedTokens join(const Piece& context, const Piece& choice, const Tokenizer* tokenizer) {
  if (context.text && choice.text) return join_texts(*tokenizer, *context.text, *choice.text);
  JoinedTokens joined{context.ids, context.ids.size()};
  joined.tokens.insert(joined.tokens.end(), choice.ids.begin(), choice.ids.end());
  return joined;
}

// Choices may change the tokens at the context's end: the stem is what they have in common.
Tree tree_of(const std::vector<JoinedTokens>& choices) {
  const auto& first = choices[0].tokens;
  size_t n_stem = choices[0].n_context;
  for (const auto& choice : choices) {
    const auto end = first.begin() + static_cast<std::ptrdiff_t>(n_stem);
    const auto differ = std::mismatch(first.begin(), end, choice.tokens.begin(), choice.tokens.end()).first;
    n_stem = static_cast<size_t>(differ - first.begin());
  }
  const auto n = static_cast<std::ptrdiff_t>(n_stem);
  Tree tree{{first.begin(), first.begin() + n}, {}};
  for (const auto& choice : choices)
    tree.branches.push_back({{choice.tokens.begin() + n, choice.tokens.end()}, choice.n_context - n_stem});
  return tree;
}

// The members that are not parsed with the others, since they may hold ids by the million.
struct RawMembers {
  std::array<RawMember, 5> all{{{"id"}, {"text"}, {"ids"}, {"context"}, {"choices"}}};
  const std::optional<std::string_view>&id = all[0].text, &text = all[1].text, &ids = all[2].text,
        &context = all[3].text, &choices = all[4].text;
};

void check_keys(const RawMembers& raw, const json::object& object, const std::vector<std::string>& known) {
  json::object keys(object);
  for (const auto& member : raw.all) {
    if (member.text) keys[member.key] = nullptr;
  }
  refuse_unknown_keys(keys, known);
}

void fill_choice(const RawMembers& raw, const json::object& object, const ScoreRequestContext& context,
                 ScoreRequest& request) {
  check_keys(raw, object, {"id", "context", "choices", "answer"});
  const Piece beginning = raw.context ? piece_of("context", *raw.context, context) : Piece{"", {}};
  const auto choices =
      raw.choices->starts_with('[') ? json_elements(*raw.choices) : std::vector<std::string_view>();
  if (choices.empty()) fail_field("choices", parse_json(*raw.choices), "an array of texts or arrays of ids");
  std::vector<JoinedTokens> joined;
  for (const auto choice : choices) {
    const std::string key = "choices[" + std::to_string(joined.size()) + "]";
    const Piece piece = piece_of(key, choice, context);
    joined.push_back(join(beginning, piece, context.tokenizer));
    if (joined.back().tokens.size() == joined.back().n_context) fail(key + " has no token of its own");
    request.choice_bytes.push_back(piece.text ? std::optional(piece.text->size()) : std::nullopt);
  }
  request.is_choice = true;
  request.n_context = joined[0].n_context;
  request.tree = tree_of(joined);
  if (request.n_context == 0 && !context.has_start) request.tree.stem = {0};
  if (const auto* answer = object.if_contains("answer")) {
    request.answer = index_field("answer", *answer);
    if (*request.answer >= joined.size()) fail_field("answer", *answer, "the index of a choice");
  }
}

void fill_text(const RawMembers& raw, const json::object& object, const ScoreRequestContext& context,
               ScoreRequest& request) {
  check_keys(raw, object, {"id", "text", "ids", "per_token"});
  if (raw.text.has_value() == raw.ids.has_value()) fail("want one of text, ids and choices");
  if (raw.text && raw.text->starts_with('[')) fail_field("text", parse_json(*raw.text), "a string");
  std::vector<TokenId> ids =
      raw.text ? piece_of("text", *raw.text, context).ids : ids_of_json("ids", *raw.ids, context.n_vocab);
  if (!context.has_start && !ids.empty()) {
    request.tree.stem = {ids[0]};
    ids.erase(ids.begin());
  }
  if (!ids.empty()) request.tree.branches.push_back({std::move(ids)});
  if (const auto* per_token = object.if_contains("per_token"))
    request.per_token = boolean_field("per_token", *per_token);
}

void fill(std::string_view line, const ScoreRequestContext& context, ScoreRequest& request) {
  RawMembers raw;
  const json::object object = parse_members(line, raw.all);
  if (raw.id) {
    parse_json(*raw.id);
    request.id = *raw.id;
  }
  raw.choices ? fill_choice(raw, object, context, request) : fill_text(raw, object, context, request);
}

json::object text_answer(const ScoreRequest& request, const Tokenizer* tokenizer) {
  json::object answer = figures_json(text_sum(request, tokenizer), tokenizer != nullptr);
  if (!request.per_token) return answer;
  json::array& tokens = answer["per_token"].emplace_array();
  for (const Branch& branch : request.tree.branches) {
    for (size_t i = 0; i < branch.tokens.size(); ++i) {
      tokens.push_back(
          token_json(request.tree.stem.size() + i, branch.tokens[i], branch.scores[i].log_prob, tokenizer));
    }
  }
  return answer;
}

json::object choice_answer(const ScoreRequest& request) {
  const auto figures = choice_figures(request);
  json::object answer{{"context_tokens", request.n_context}};
  json::array& choices = answer["choices"].emplace_array();
  for (size_t i = 0; i < figures.size(); ++i) {
    json::object choice{{"logprob", finite_or_null(figures[i].log_prob)},
                        {"tokens", request.tree.branches[i].scores.size()},
                        {"logprob_per_token", finite_or_null(figures[i].per_token)},
                        {"greedy", figures[i].greedy}};
    if (figures[i].per_byte) {
      choice["bytes"] = *request.choice_bytes[i];
      choice["logprob_per_byte"] = finite_or_null(*figures[i].per_byte);
    }
    choices.push_back(std::move(choice));
  }
  const BestChoices best = best_of(figures);
  answer["best"] = best.best;
  answer["best_per_token"] = best.per_token;
  if (best.per_byte) answer["best_per_byte"] = *best.per_byte;
  if (request.answer) answer["answer"] = *request.answer;
  return answer;
}

}  // namespace

ScoreRequest parse_score_request(std::string_view line, uint64_t line_number,
                                 const ScoreRequestContext& context) {
  ScoreRequest request;
  request.line = line_number;
  try {
    fill(line, context, request);
  } catch (const Error& e) {
    request.error = e.what();
    request.tree = {};
  }
  return request;
}

void check_scores(ScoreRequest& request) {
  for (const Branch& branch : request.tree.branches) {
    if (std::ranges::none_of(branch.scores, [](const auto& score) { return std::isnan(score.log_prob); }))
      continue;
    request.error = "logits that are no finite numbers: the model or the state is broken";
    return;
  }
}

LikelihoodSum text_sum(const ScoreRequest& request, const Tokenizer* tokenizer) {
  LikelihoodSum sum;
  for (const Branch& branch : request.tree.branches) {
    for (size_t i = 0; i < branch.tokens.size(); ++i) {
      sum.add(branch.scores[i].log_prob,
              tokenizer != nullptr ? bytes_of_drawn(*tokenizer, branch.tokens[i]).size() : 0);
    }
  }
  return sum;
}

std::vector<ChoiceFigures> choice_figures(const ScoreRequest& request) {
  std::vector<ChoiceFigures> choices;
  for (const Branch& branch : request.tree.branches) {
    ChoiceFigures figures;
    for (const TokenScore& score : branch.scores) {
      figures.log_prob += score.log_prob;
      figures.greedy = figures.greedy && score.likeliest;
    }
    figures.per_token = figures.log_prob / static_cast<double>(branch.scores.size());
    if (const auto bytes = request.choice_bytes[choices.size()])
      figures.per_byte = figures.log_prob / static_cast<double>(*bytes);
    choices.push_back(figures);
  }
  return choices;
}

BestChoices best_of(const std::vector<ChoiceFigures>& choices) {
  const auto index_of_best = [&](auto figure) {
    return static_cast<size_t>(std::ranges::max_element(choices, {}, figure) - choices.begin());
  };
  BestChoices best{index_of_best(&ChoiceFigures::log_prob), index_of_best(&ChoiceFigures::per_token), {}};
  if (std::ranges::all_of(choices, [](const auto& c) { return c.per_byte.has_value(); }))
    best.per_byte = index_of_best(&ChoiceFigures::per_byte);
  return best;
}

std::string score_answer(const ScoreRequest& request, const Tokenizer* tokenizer) {
  if (!request.error.empty())
    return json_text_with_id(request.id, {{"line", request.line}, {"error", request.error}});
  return json_text_with_id(request.id,
                           request.is_choice ? choice_answer(request) : text_answer(request, tokenizer));
}

}  // namespace rwkv
