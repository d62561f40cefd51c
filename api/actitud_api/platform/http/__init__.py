"""HTTP layer of the service, without knowledge of any resource.

In the order in which a request passes through it:

- `middleware`: edge, format negotiation, exact bytes of published documents, access, limits;
- `operations`, `contract`: declaration of a handler, enforced before it runs; `access`: its access rule;
- `inputs`: path, query and body; `validation` names every fault at once;
- `representations`, `paging`, `preconditions`: the response, with validators, caching and pages;
- `problems`: registry of problem types, and the mapping of exceptions to problem documents;
- `openapi`: the OpenAPI document, built from the contracts;
- `system` and `pages`: health, and pages for people;
- `scope`, `negotiation`, `redaction`, `logs`: helpers of all the others.
"""
