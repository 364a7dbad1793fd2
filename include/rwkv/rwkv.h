/* rwkv.h: RWKV language models on a CPU, for C and all that can call C.
 *
 * Failure. A function that can fail takes an rwkv_error, which may be NULL, and returns NULL or a code other
 * than RWKV_OK. Nothing is changed then, unless its comment says so. No function prints, ends the process or
 * lets an exception out. Only a file that another process shortens while it is mapped ends the process (by
 * SIGBUS); RWKV_LOAD_COPY avoids that.
 *
 * Ownership. What rwkv_X_new, _load or _clone returns is the caller's, who ends it by rwkv_X_free (NULL is
 * allowed), in any order: a sequence or a runner keeps its model alive. Pointers handed out are the object's;
 * each comment says how long they hold.
 *
 * Threads. Models and vocabularies never change: any number of threads may use one at once. A runner, a
 * sequence and a stream belong to one thread at a time (rwkv_runner_cancel is the exception).
 *
 * Results are the same bits for any number of threads, whatever is evaluated together, and however a text is
 * split into calls.
 *
 * Structures that begin with `size` may grow: set it to sizeof the structure, as RWKV_..._INIT do. Of a
 * structure that is given, NULL means its defaults. Texts are bytes with a length, not ended by a NUL; paths
 * and names are ended by one. */
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
  RWKV_FORMAT = 3,      /* a file or a text that is broken, or not what it should be */
  RWKV_UNSUPPORTED = 4, /* sound, but of a kind that this library does not know */
  RWKV_CANCELLED = 5,   /* the caller wanted it to end */
  RWKV_MEMORY = 6,
  RWKV_TOO_SMALL = 7, /* the buffer; the number needed has been told */
  RWKV_INTERNAL = 8   /* a fault of this library */
} rwkv_code;

typedef struct rwkv_error {
  int32_t code;      /* an rwkv_code */
  char message[508]; /* one line, ended by a NUL; cut when it is longer */
} rwkv_error;

/* ---- The library ---- */

/* "0.1.0" */
RWKV_API const char* rwkv_version(void);
/* Writes the name of the SIMD target in use ("AVX2", "AVX3_DL" ...), cut to `capacity` with its NUL. */
RWKV_API void rwkv_target(char* name, size_t capacity);
/* Makes the whole process use the named target. To be called before any model is loaded, from one thread. */
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
  size_t n_threads; /* that make what cannot be used as it lies in the file; 0: as many as this process may
                       run on */
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

/* A part of a layer's state: "att_x", "ffn_x" [n_embd], the last rows that token shift has seen; "S" [head,
 * key, value]; or for RWKV-4 "aa", "bb", "pp" [n_att]. */
typedef struct rwkv_part {
  size_t size;
  const char* name; /* holds as long as the model */
  size_t n_floats;  /* in one layer: the product of `shape` */
  size_t n_dims, shape[4];
  float initial; /* of a state that is not tuned */
} rwkv_part;

/* Loads any form that the tools read, judged by content. */
RWKV_API rwkv_model* rwkv_model_load(const char* path, const rwkv_load_options* options, rwkv_error* error);
RWKV_API void rwkv_model_free(rwkv_model* model);
/* What is strange in the model and yet no failure, in one line, or NULL; holds as long as the model. */
RWKV_API const char* rwkv_model_warning(const rwkv_model* model);
/* Fills the first info->size bytes of *info. */
RWKV_API int rwkv_model_info(const rwkv_model* model, rwkv_info* info, rwkv_error* error);
/* Describes part `index`, below n_parts; fills the first part->size bytes of *part. */
RWKV_API int rwkv_model_part(const rwkv_model* model, size_t index, rwkv_part* part, rwkv_error* error);

/* ---- Sequences ---- */

/* A text on its way through a model: its state, the last id when the state has not taken it up yet (it is
 * "pending"), the logits of what follows when they are known, and what a sampler remembers. Copies are
 * independent. */
typedef struct rwkv_sequence rwkv_sequence;

/* A sequence of no ids, in the model's initial state. */
RWKV_API rwkv_sequence* rwkv_sequence_new(const rwkv_model* model, rwkv_error* error);
/* What rwkv_sequence_save (or rwkv-generate --state-out) has written for this model, or a tuned initial
 * state. */
RWKV_API rwkv_sequence* rwkv_sequence_load(const rwkv_model* model, const char* path, rwkv_error* error);
RWKV_API rwkv_sequence* rwkv_sequence_clone(const rwkv_sequence* sequence, rwkv_error* error);
RWKV_API void rwkv_sequence_free(rwkv_sequence* sequence);
/* Everything that the sequence is. The file appears whole or not at all. */
RWKV_API int rwkv_sequence_save(const rwkv_sequence* sequence, const char* path, rwkv_error* error);

/* The number of ids read and drawn so far. */
RWKV_API uint64_t rwkv_sequence_length(const rwkv_sequence* sequence);
/* 1 and the id in *id (unless NULL) when there is one that the state has not taken up, else 0. */
RWKV_API int rwkv_sequence_pending(const rwkv_sequence* sequence, uint32_t* id);
/* The n_vocab logits of what follows, or NULL when they are not known. They may be changed before a draw.
 * Hold until the next call that names this sequence. */
RWKV_API float* rwkv_sequence_logits(rwkv_sequence* sequence);
/* The floats of a part of a layer's state, *n of them (unless NULL); they may be read and written. What
 * stands there is the state without the pending id (RWKV_WANT_STATE leaves none). The pointer holds as long
 * as the sequence; the values until it is evaluated. */
RWKV_API float* rwkv_sequence_floats(rwkv_sequence* sequence, size_t layer, const char* part, size_t* n,
                                     rwkv_error* error);

/* ---- Evaluation ---- */

/* Threads and scratch memory to run a model; one for each thread that evaluates. */
typedef struct rwkv_runner rwkv_runner;

typedef enum rwkv_want {
  RWKV_WANT_NOTHING = 0, /* read; the last id stays pending, so that no time is spent before somebody asks */
  RWKV_WANT_STATE = 1,   /* the state takes up the last id too */
  RWKV_WANT_LAST = 2,    /* and the logits after it are known then (rwkv_sequence_logits) */
  RWKV_WANT_ALL = 3      /* and those after each of `ids` are written to `logits` */
} rwkv_want;

/* The next ids of one sequence. */
typedef struct rwkv_item {
  rwkv_sequence* sequence;
  const uint32_t* ids; /* may be none: then what is wanted is known of the sequence as it stands. One of no
                          ids begins from id 0 */
  size_t n_ids;
  int32_t want;    /* an rwkv_want */
  float* logits;   /* RWKV_WANT_ALL: [n_ids][n_vocab]; RWKV_WANT_LAST: [n_vocab] or NULL; else ignored */
  size_t capacity; /* floats that `logits` has room for */
  size_t n_read;   /* result: how many of `ids` have been read; after a failure too */
} rwkv_item;

/* `n_threads` 0: as many as this process may run on. */
RWKV_API rwkv_runner* rwkv_runner_new(const rwkv_model* model, size_t n_threads, rwkv_error* error);
RWKV_API void rwkv_runner_free(rwkv_runner* runner);
/* Evaluates all items, which share each pass over the weights; a sequence may be named only once, and must be
 * of the runner's model. Everything is checked before anything is read. After RWKV_CANCELLED each sequence
 * stands after its n_read ids, and what follows is not known: go on with the ids that are left. After
 * RWKV_MEMORY free the sequences. */
RWKV_API int rwkv_runner_eval(rwkv_runner* runner, rwkv_item* items, size_t n_items, rwkv_error* error);

typedef struct rwkv_token_score {
  double log_prob;    /* natural logarithm, by the model alone */
  uint32_t likeliest; /* the id that the model finds likeliest there; of equals the lowest */
} rwkv_token_score;

typedef struct rwkv_score_item {
  rwkv_sequence* sequence;
  const uint32_t* ids;
  size_t n_ids;             /* at least 1 */
  rwkv_token_score* scores; /* [n_ids]: of each id, behind the sequence and the ids before it */
} rwkv_score_item;

/* Scores ids behind sequences, and reads them; the last id stays pending. A sequence of no ids begins from id
 * 0. In memory are rows of logits for one pass, however many ids there are. Sequences as in rwkv_runner_eval;
 * after any failure that comes later than the check of the arguments, free them. */
RWKV_API int rwkv_runner_score(rwkv_runner* runner, const rwkv_score_item* items, size_t n_items,
                               rwkv_error* error);

/* From any thread: the call that the runner is in, or else its next, returns RWKV_CANCELLED after the pass it
 * is in. */
RWKV_API void rwkv_runner_cancel(rwkv_runner* runner);

/* ---- Vocabularies ---- */

typedef struct rwkv_vocab rwkv_vocab;

/* A World vocabulary or a Hugging Face tokenizer.json, judged by content. With a model (or NULL) also checks
 * that the model can have been trained with it. */
RWKV_API rwkv_vocab* rwkv_vocab_load(const char* path, const rwkv_model* model, rwkv_error* error);
RWKV_API void rwkv_vocab_free(rwkv_vocab* vocab);
/* The highest id + 1. A model's n_vocab may be larger: those ids are padding. */
RWKV_API size_t rwkv_vocab_size(const rwkv_vocab* vocab);
/* The ids of a text. *n_ids becomes their number; RWKV_TOO_SMALL, with nothing written, when `capacity` is
 * less. A text of n bytes never has more than 3 n ids. */
RWKV_API int rwkv_vocab_encode(const rwkv_vocab* vocab, const char* text, size_t n_bytes, uint32_t* ids,
                               size_t capacity, size_t* n_ids, rwkv_error* error);
/* The text of ids, not ended by a NUL; *n_bytes and RWKV_TOO_SMALL likewise. */
RWKV_API int rwkv_vocab_decode(const rwkv_vocab* vocab, const uint32_t* ids, size_t n_ids, char* text,
                               size_t capacity, size_t* n_bytes, rwkv_error* error);
/* The bytes of one id, which may be a part of a character, and none for padding; they hold as long as the
 * vocabulary. */
RWKV_API int rwkv_vocab_bytes(const rwkv_vocab* vocab, uint32_t id, const char** bytes, size_t* n_bytes,
                              rwkv_error* error);
/* The prompt for a chat, as rwkv-tokenize --template makes it: `json` is an array of {"role", "content"}. */
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
  const uint32_t* stop_ids; /* when one of them is drawn, the sequence stays as it was */
  size_t n_stop_ids;
  const rwkv_vocab*
      vocab;            /* or NULL: padding is never drawn; digits and spaces count nothing for `frequency` */
  int32_t penalize_all; /* they do count */
} rwkv_sampling;
/* The values of rwkv-generate's options when none is given, but for the seed. */
#define RWKV_SAMPLING_INIT \
  { sizeof(rwkv_sampling), 1.0, 0, 0.5, 0.0, 0.0, 0.0, 0.996, 0, NULL, NULL, 0, NULL, 0, NULL, 0 }

/* Draws the id that follows, whose logits must be known (RWKV_WANT_LAST), and appends it: it is pending then.
 * The same sampling, seed and sequence give the same id on every machine, and the one that rwkv-generate
 * draws. */
RWKV_API int rwkv_sequence_sample(rwkv_sequence* sequence, const rwkv_sampling* sampling, uint32_t* id,
                                  rwkv_error* error);

/* Ids as they are drawn, to text in whole characters that ends in front of a stop text. */
typedef struct rwkv_stream rwkv_stream;

/* `stops`: n_stops texts, ended by a NUL, none empty. */
RWKV_API rwkv_stream* rwkv_stream_new(const rwkv_vocab* vocab, const char* const* stops, size_t n_stops,
                                      rwkv_error* error);
RWKV_API void rwkv_stream_free(rwkv_stream* stream);
/* Takes the next id. *text (and *n_bytes) is what may be shown and was not handed out before, until the next
 * call; *stopped becomes 1 when a stop text has ended the stream, which takes no more ids then, else 0. */
RWKV_API int rwkv_stream_add(rwkv_stream* stream, uint32_t id, const char** text, size_t* n_bytes,
                             int* stopped, rwkv_error* error);
/* No id follows: hands out what was held back. */
RWKV_API int rwkv_stream_finish(rwkv_stream* stream, const char** text, size_t* n_bytes, rwkv_error* error);

/* ---- Conversion ---- */

typedef struct rwkv_convert_options {
  size_t size;
  const char* dtype;  /* "q8", "bf16" ...: as rwkv-convert --dtype; NULL: each tensor keeps its own */
  const char* layout; /* "rows", "tiles"; NULL: rows, but tiles for quantised weights */
  size_t n_threads;   /* 0: as many as this process may run on */
  /* Or NULL; called on the caller's thread after each block of a few megabytes. Not 0: end with
   * RWKV_CANCELLED. */
  int (*progress)(uint64_t done_bytes, uint64_t total_bytes, void* context);
  void* context; /* for `progress` */
} rwkv_convert_options;
#define RWKV_CONVERT_OPTIONS_INIT \
  { sizeof(rwkv_convert_options), NULL, NULL, 0, NULL, NULL }

/* Writes any checkpoint that the tools read as safetensors, as rwkv-convert does: whole or not at all. */
RWKV_API int rwkv_convert(const char* in, const char* out, const rwkv_convert_options* options,
                          rwkv_error* error);

#ifdef __cplusplus
}
#endif
#endif
