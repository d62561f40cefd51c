"""Mechanics of HTTP that know no resource.

In the order in which a request meets them:

- `middleware`: edge, format negotiation, exact bytes of published documents, access, limits;
- `operations`, `contract`: declaration of a handler, enforced before it runs; `access`: its access rule;
- `inputs`: path, query and body; `validation` names every fault at once;
- `representations`, `paging`, `preconditions`: the answer, with validators, caching and pages;
- `problems`: registry of error types, and the mapping of exceptions to problem documents;
- `openapi`: the OpenAPI document, made from the contracts;
- `system` and `pages`: health, and pages for people; `scope`, `negotiation`, `redaction`, `logs`: small parts of all.
"""
