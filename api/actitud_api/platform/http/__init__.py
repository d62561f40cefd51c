"""The mechanics of HTTP, without business. What a slice uses, in the order in which a request meets it:

- `contract`: what an operation takes and answers, declared beside its handler and enforced before it runs;
- `inputs`: its query parameters and its body; `json_input` and `schema` decode and explain;
- `representations` and `paging`: its answer, with validators, caching, languages and pages;
- `problems`: the registry of error types, and how exceptions become problem documents;
- `openapi`: the document, made of the contracts;
- `edge`: what holds for every response; `system` and `pages`: health, and pages for people; `logs`: one JSON a line.
"""
