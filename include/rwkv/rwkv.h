/* rwkv.h: RWKV language models on a CPU, for C and languages that can call C.
 *
 * Failure. A function that can fail takes an rwkv_error, which may be NULL, and returns NULL or a code other
 * than RWKV_OK. A failed call changes nothing unless its comment says so. No function prints, ends the
 * process or throws an exception. One event ends the process, by SIGBUS: another program shortens a file that
 * is mapped; RWKV_LOAD_COPY avoids this.
 *
 * Ownership. The caller owns what rwkv_X_new, _load or _clone returns, and ends it by rwkv_X_free (NULL is
 * allowed), in any order: a sequence or a runner keeps its model alive. An object owns the memory behind the
 * pointers that it returns; each comment says how long they are valid.
 *
 * Threads. Models and vocabularies never change: any number of threads may use one at once. A runner, a
 * sequence and a stream belong to one thread at a time (rwkv_runner_cancel is the exception).
 *
 * Results are the same bits for any number of threads, for any items in one call, and for any split of a text
 * into calls.
 *
 * Structures that begin with `size` may grow: set it to sizeof the structure, as RWKV_..._INIT do. NULL for a
 * pointer to options means the defaults. Texts are bytes with a length, without a NUL at the end; paths and
 * names end in a NUL. */
#ifndef RWKV_RWKV_H
#define RWKV_RWKV_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define RWKV_API __attribute__((visibility("default")))
#else
#define RWKV_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Failure ---- */

typedef enum rwkv_code {
  RWKV_OK = 0,
  RWKV_USAGE = 1,       /* an argument that makes no sense */
  RWKV_IO = 2,          /* the system refused to read or write */
  RWKV_FORMAT = 3,      /* a file or a text that is broken or of another kind than wanted */
  RWKV_UNSUPPORTED = 4, /* a sound file of a kind that this library does not know */
  RWKV_CANCELLED = 5,   /* the caller cancelled the call */
  RWKV_MEMORY = 6,
  RWKV_TOO_SMALL = 7, /* a buffer; the call has stored the number needed */
  RWKV_INTERNAL = 8   /* a fault of this library */
} rwkv_code;

typedef struct rwkv_error {
  int32_t code;      /* an rwkv_code */
  char message[508]; /* one line that ends in a NUL; a longer one is cut */
} rwkv_error;

/* ---- The library ---- */

/* "0.1.0" */
RWKV_API const char* rwkv_version(void);
/* Writes the name of the SIMD target in use ("AVX2", "AVX3_DL" ...), cut to `capacity` with its NUL. */
RWKV_API void rwkv_target(char* name, size_t capacity);
/* Makes the whole process use the named target. Call before any model is loaded, from one thread. */
RWKV_API int rwkv_pin_target(const char* name, rwkv_error* error);

/* ---- Models ---- */

typedef struct rwkv_model rwkv_model;

typedef enum rwkv_load {
  RWKV_LOAD_MAP = 0, /* use the weights where the file is mapped */
  RWKV_LOAD_COPY = 1 /* copy the file to huge pages of private memory: faster to read, seconds to load */
} rwkv_load;

typedef struct rwkv_load_options {
  size_t size;
  int32_t access;       /* an rwkv_load */
  float group_norm_eps; /* 0: the version's own */
  size_t n_threads; /* for tensors that the file does not hold in a usable form; 0: as many as this process
                       may run on */
} rwkv_load_options;
#define RWKV_LOAD_OPTIONS_INIT \
  { sizeof(rwkv_load_options), RWKV_LOAD_MAP, 0.0f, 0 }

typedef struct rwkv_info {
  size_t size;
  char version[16]; /* "4", "5.2", "7" ... */
  size_t n_layers, n_embd, n_att, n_ffn;
  size_t n_vocab;            /* ids are below this; a row of logits has as many floats */
  size_t n_heads, head_size; /* 0 for RWKV-4 */
  size_t n_parts;            /* of a layer's state */
  size_t n_state_floats;     /* of all parts of all layers */
} rwkv_info;

/* A part of a layer's state: "att_x", "ffn_x" [n_embd], the last inputs of the two mixes; "S" [head, key,
 * value]; or for RWKV-4 "aa", "bb", "pp" [n_att]. */
typedef struct rwkv_part {
  size_t size;
  const char* name; /* valid as long as the model */
  size_t n_floats;  /* in one layer: the product of `shape` */
  size_t n_dims, shape[4];
  float initial; /* value of every float, unless the state is tuned */
} rwkv_part;

/* Loads any form that the tools read, judged by content. */
RWKV_API rwkv_model* rwkv_model_load(const char* path, const rwkv_load_options* options, rwkv_error* error);
RWKV_API void rwkv_model_free(rwkv_model* model);
/* A warning about the model, in one line, or NULL; valid as long as the model. */
RWKV_API const char* rwkv_model_warning(const rwkv_model* model);
/* Fills the first info->size bytes of *info. */
RWKV_API int rwkv_model_info(const rwkv_model* model, rwkv_info* info, rwkv_error* error);
/* Describes part `index`, below n_parts; fills the first part->size bytes of *part. */
RWKV_API int rwkv_model_part(const rwkv_model* model, size_t index, rwkv_part* part, rwkv_error* error);

/* ---- Sequences ---- */

/* A text that a model reads or writes: the state, the last id if the state does not contain it yet (the id is
 * then "pending"), the logits after the last id if they are known, and the sampler's counts. Copies are
 * independent. */
typedef struct rwkv_sequence rwkv_sequence;

/* A sequence of no ids, in the model's initial state. */
RWKV_API rwkv_sequence* rwkv_sequence_new(const rwkv_model* model, rwkv_error* error);
/* Loads a file that rwkv_sequence_save or rwkv-generate --state-out wrote for this model, or a tuned
 * initial state. */
RWKV_API rwkv_sequence* rwkv_sequence_load(const rwkv_model* model, const char* path, rwkv_error* error);
RWKV_API rwkv_sequence* rwkv_sequence_clone(const rwkv_sequence* sequence, rwkv_error* error);
RWKV_API void rwkv_sequence_free(rwkv_sequence* sequence);
/* Saves everything that makes up the sequence. The file appears whole or not at all. */
RWKV_API int rwkv_sequence_save(const rwkv_sequence* sequence, const char* path, rwkv_error* error);

/* The number of ids read and drawn so far. */
RWKV_API uint64_t rwkv_sequence_length(const rwkv_sequence* sequence);
/* 1, and the pending id in *id (unless NULL), if there is one; else 0. */
RWKV_API int rwkv_sequence_pending(const rwkv_sequence* sequence, uint32_t* id);
/* The n_vocab logits after the last id, or NULL when they are not known. They may be changed before a draw.
 * Valid until the next call with this sequence. */
RWKV_API float* rwkv_sequence_logits(rwkv_sequence* sequence);
/* The floats of a part of a layer's state, and their number in *n (unless NULL); they may be read and
 * written. They do not contain the pending id (RWKV_WANT_STATE leaves no id pending). The pointer is valid as
 * long as the sequence; the values change when the sequence is evaluated. */
RWKV_API float* rwkv_sequence_floats(rwkv_sequence* sequence, size_t layer, const char* part, size_t* n,
                                     rwkv_error* error);

/* ---- Evaluation ---- */

/* Threads and scratch memory to run a model; one for each thread that evaluates. */
typedef struct rwkv_runner rwkv_runner;

typedef enum rwkv_want {
  RWKV_WANT_NOTHING = 0, /* read; the last id stays pending, which saves time until it is needed */
  RWKV_WANT_STATE = 1,   /* the state contains the last id as well */
  RWKV_WANT_LAST = 2,    /* and the logits after it are known (rwkv_sequence_logits) */
  RWKV_WANT_ALL = 3      /* and the logits after each of `ids` are written to `logits` */
} rwkv_want;

/* The next ids of one sequence. */
typedef struct rwkv_item {
  rwkv_sequence* sequence;
  const uint32_t* ids; /* none: `want` is about the sequence as it is; a sequence of no ids begins with
                          id 0 */
  size_t n_ids;
  int32_t want;    /* an rwkv_want */
  float* logits;   /* RWKV_WANT_ALL: [n_ids][n_vocab]; RWKV_WANT_LAST: [n_vocab] or NULL; else ignored */
  size_t capacity; /* number of floats at `logits` */
  size_t n_read;   /* result: how many of `ids` were read, also after a failure */
} rwkv_item;

/* `n_threads` 0: as many as this process may run on. */
RWKV_API rwkv_runner* rwkv_runner_new(const rwkv_model* model, size_t n_threads, rwkv_error* error);
RWKV_API void rwkv_runner_free(rwkv_runner* runner);
/* Evaluates all items, which share each pass over the weights. A sequence may occur only once, and must
 * belong to the runner's model. All arguments are checked before any id is read. After RWKV_CANCELLED each
 * sequence ends with its n_read-th id, and its logits are not known: continue with the remaining ids. After
 * RWKV_MEMORY free the sequences. */
RWKV_API int rwkv_runner_eval(rwkv_runner* runner, rwkv_item* items, size_t n_items, rwkv_error* error);

typedef struct rwkv_token_score {
  double log_prob;    /* natural logarithm, by the model alone */
  uint32_t likeliest; /* the likeliest id at this place; of equal ones the lowest */
} rwkv_token_score;

typedef struct rwkv_score_item {
  rwkv_sequence* sequence;
  const uint32_t* ids;
  size_t n_ids;             /* at least 1 */
  rwkv_token_score* scores; /* [n_ids]: of each id, after the sequence and the ids before it */
} rwkv_score_item;

/* Scores the ids that follow sequences, and reads them; the last id stays pending. A sequence of no ids
 * begins with id 0. Memory holds the logits of one pass, however many ids there are. Sequences as in
 * rwkv_runner_eval; free them after any failure later than the check of the arguments. */
RWKV_API int rwkv_runner_score(rwkv_runner* runner, const rwkv_score_item* items, size_t n_items,
                               rwkv_error* error);

/* May be called on any thread: the runner's current call, or else its next one, returns RWKV_CANCELLED after
 * the current pass. */
RWKV_API void rwkv_runner_cancel(rwkv_runner* runner);

/* ---- Vocabularies ---- */

typedef struct rwkv_vocab rwkv_vocab;

/* Loads a World vocabulary or a Hugging Face tokenizer.json, judged by content. If `model` is not NULL, also
 * checks that the vocabulary's size fits the model. */
RWKV_API rwkv_vocab* rwkv_vocab_load(const char* path, const rwkv_model* model, rwkv_error* error);
RWKV_API void rwkv_vocab_free(rwkv_vocab* vocab);
/* The highest id + 1. A model's n_vocab may be larger: those ids are padding. */
RWKV_API size_t rwkv_vocab_size(const rwkv_vocab* vocab);
/* Writes the ids of a text, and their number to *n_ids. RWKV_TOO_SMALL, with no id written, when `capacity`
 * is less. A text of n bytes never has more than 3 n ids. */
RWKV_API int rwkv_vocab_encode(const rwkv_vocab* vocab, const char* text, size_t n_bytes, uint32_t* ids,
                               size_t capacity, size_t* n_ids, rwkv_error* error);
/* Writes the text of ids, without a NUL; *n_bytes and RWKV_TOO_SMALL as above. */
RWKV_API int rwkv_vocab_decode(const rwkv_vocab* vocab, const uint32_t* ids, size_t n_ids, char* text,
                               size_t capacity, size_t* n_bytes, rwkv_error* error);
/* The bytes of one id: a part of a character, perhaps; none for padding. Valid as long as the
 * vocabulary. */
RWKV_API int rwkv_vocab_bytes(const rwkv_vocab* vocab, uint32_t id, const char** bytes, size_t* n_bytes,
                              rwkv_error* error);
/* Writes the prompt of a chat as rwkv-tokenize --template does: `json` is an array of {"role", "content"}. */
RWKV_API int rwkv_chat_prompt(const char* template_name, const char* json, size_t n_json_bytes, char* text,
                              size_t capacity, size_t* n_bytes, rwkv_error* error);

/* ---- Drawing ---- */

typedef struct rwkv_sampling {
  size_t size;
  double temperature; /* 0: the likeliest id */
  uint64_t top_k;     /* 0: all */
  double top_p, min_p;
  double presence, frequency, penalty_decay;
  uint64_t seed;
  const uint32_t* bias_ids; /* added to logits: bias[i] to that of bias_ids[i]; -infinity forbids it */
  const float* bias;
  size_t n_bias;
  const uint32_t* stop_ids; /* drawing one of these leaves the sequence unchanged */
  size_t n_stop_ids;
  const rwkv_vocab* vocab; /* may be NULL. Padding is never drawn; `frequency` ignores digits and spaces */
  int32_t penalize_all;    /* not 0: `frequency` counts digits and spaces, too */
} rwkv_sampling;
/* rwkv-generate's defaults, except for the seed, which is 0. */
#define RWKV_SAMPLING_INIT \
  { sizeof(rwkv_sampling), 1.0, 0, 0.5, 0.0, 0.0, 0.0, 0.996, 0, NULL, NULL, 0, NULL, 0, NULL, 0 }

/* Draws the next id from the sequence's logits, which must be known (RWKV_WANT_LAST), and appends the id,
 * which is then pending. The same sampling, seed and sequence give the same id on every machine, and the id
 * that rwkv-generate draws. */
RWKV_API int rwkv_sequence_sample(rwkv_sequence* sequence, const rwkv_sampling* sampling, uint32_t* id,
                                  rwkv_error* error);

/* Turns drawn ids into text of whole characters, which ends in front of a stop text. */
typedef struct rwkv_stream rwkv_stream;

/* `stops`: n_stops texts that end in a NUL, none empty. */
RWKV_API rwkv_stream* rwkv_stream_new(const rwkv_vocab* vocab, const char* const* stops, size_t n_stops,
                                      rwkv_error* error);
RWKV_API void rwkv_stream_free(rwkv_stream* stream);
/* Takes the next id. *text and *n_bytes become the text that may be shown and was not returned before, valid
 * until the next call. *stopped becomes 1 when a stop text has ended the stream (no more ids then), else 0.
 */
RWKV_API int rwkv_stream_add(rwkv_stream* stream, uint32_t id, const char** text, size_t* n_bytes,
                             int* stopped, rwkv_error* error);
/* Call after the last id: returns the text that was held back. */
RWKV_API int rwkv_stream_finish(rwkv_stream* stream, const char** text, size_t* n_bytes, rwkv_error* error);

/* ---- Conversion ---- */

typedef struct rwkv_convert_options {
  size_t size;
  const char* dtype;  /* "q8", "bf16" ...: as rwkv-convert --dtype; NULL: each tensor keeps its own */
  const char* layout; /* "rows", "tiles"; NULL: rows, but tiles for quantised weights */
  size_t n_threads;   /* 0: as many as this process may run on */
  /* May be NULL. Called on the caller's thread after each block of a few megabytes; a result other than 0
   * ends the conversion with RWKV_CANCELLED. */
  int (*progress)(uint64_t done_bytes, uint64_t total_bytes, void* context);
  void* context;           /* for `progress` */
  const char* activations; /* "f32", "bf16": as rwkv-convert --activations; NULL: f32 */
} rwkv_convert_options;
#define RWKV_CONVERT_OPTIONS_INIT \
  { sizeof(rwkv_convert_options), NULL, NULL, 0, NULL, NULL, NULL }

/* Converts any checkpoint that the tools read to safetensors, as rwkv-convert does: whole or not at all. */
RWKV_API int rwkv_convert(const char* in, const char* out, const rwkv_convert_options* options,
                          rwkv_error* error);

#ifdef __cplusplus
}
#endif
#endif
