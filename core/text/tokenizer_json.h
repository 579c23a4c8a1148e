/*
 * tokenizer_json.h - the WordPiece vocabulary in a tokenizer.json.
 */
#ifndef SAWB_CORE_TEXT_TOKENIZER_JSON_H
#define SAWB_CORE_TEXT_TOKENIZER_JSON_H

#include "core/base/error.h"
#include "core/base/json.h"

/*
 * *text: the pieces by their ids, one a line, NUL-terminated, owned by the caller (free). An error
 * when the model is not BERT's WordPiece, the normaliser not BERT's, or the ids are not 0, 1, 2,
 * ... without gaps.
 */
int tokenizer_json_vocabulary(char **text, const cJSON *json, const char *where,
                              struct sawb_error *error);

#endif
