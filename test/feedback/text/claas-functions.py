"""Calls CLaaS' own functions: a list of texts and a list of pairs of texts in, what they say of each out, all as JSON.

The checkout is the first argument. What its modules import and these functions do not use is replaced by empty modules.
"""

import json
import sys
import types


def stub(name, **names):
    module = types.ModuleType(name)
    module.__getattr__ = lambda wanted: type(wanted, (Exception,), {})
    for key, value in names.items():
        setattr(module, key, value)
    sys.modules[name] = module


stub("httpx")
stub("claas.core.config", DEFAULT_SYSTEM_PROMPT="")
stub("claas.core.types", ChatMessage=dict, TrainingConfig=dict)
sys.path.insert(0, sys.argv[1])

from claas.eval.metrics import capability, collapse, verifiers  # noqa: E402


def of_text(text):
    plain = verifiers.strip_thinking(text)
    given = lambda verifier: (lambda r: [r.score, r.passed])(verifier()(plain))
    exactly_three, numbered, without_word = (probe.verify(text) for probe in capability.IFEVAL_PROBES)
    return {
        "text": text,
        "visible": plain,
        "words": len(plain.split()),
        "sentences": verifiers._count_sentences(plain),
        "symbols": verifiers._count_emoji(plain),
        "no_emoji": given(verifiers.NoEmojiVerifier),
        "concise": given(verifiers.ConciseVerifier),
        "identity": given(verifiers.IdentityVerifier),
        "follows": [exactly_three, numbered, without_word],
    }


asked = json.load(sys.stdin)
json.dump(
    {
        "texts": [of_text(text) for text in asked["texts"]],
        "rouge": [[a, b, collapse.rouge_l_score(a, b)] for a, b in asked["pairs"]],
    },
    sys.stdout,
)
