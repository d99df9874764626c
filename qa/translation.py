"""A question in French is put into English, because the documents' search knows only English."""

import re

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from index.text import words
from qa.selection import FUNCTION_WORDS

_FRENCH = frozenset(
    (
        "qui que quoi quel quelle quels quelles où quand comment pourquoi combien est sont était "
        "ont eu été le la les des du de une un dans pour sur avec selon l d qu c s n au aux et ou "
        "fait dit pense il elle ils elles ce cette ces son sa ses leur leurs ne pas par plus"
    ).split()
)
# Of what it does not know a small model makes something else: "the Côte d'Azur" of the CEDEAO.
_ENGLISH = {
    "AQMI": "AQIM",
    "CEDEAO": "ECOWAS",
    "CICR": "ICRC",
    "EIGS": "ISGS",
    "FMI": "IMF",
    "GSIM": "JNIM",
    "HCR": "UNHCR",
    "ONU": "UN",
    "OTAN": "NATO",
    "PAM": "WFP",
    "RCA": "CAR",
    "RDC": "DRC",
    "UA": "AU",
    "UE": "EU",
    "UEMOA": "WAEMU",
    "casques bleus": "peacekeepers",
    "junte": "junta",
}
_ENGLISH |= {
    french.capitalize(): english for french, english in _ENGLISH.items() if len(french) > 3
}
_FRENCH_NAME = re.compile(rf"\b(?:{'|'.join(_ENGLISH)})\b")
_MESSAGES: list[BaseMessage] = [
    SystemMessage("Translate the question from French into English. Reply with the translation."),
    HumanMessage("Combien de bateaux ont quitté le port de Tarn ?"),
    AIMessage("How many boats have left the port of Tarn?"),
    HumanMessage("Qu'a dit Mara Holt au sujet du phare ?"),
    AIMessage("What did Mara Holt say about the lighthouse?"),
]


def is_french(question: str) -> bool:
    """Return whether most of a question's function words are French.

    >>> is_french("Qui a mené le coup d'État ?"), is_french("Who led the coup d'état in Mali?")
    (True, False)
    """
    asked = words(question)
    french = sum(w in _FRENCH for w in asked)
    return french >= 2 and french > sum(w in FUNCTION_WORDS and w not in _FRENCH for w in asked)


def to_english(question: str, chat: BaseChatModel) -> str:
    """Return the question in English, as the chat model translates it; raises what that raises."""
    # Nobody's evidence waits for others' answers (`qa.local_chat`).
    said = chat.invoke(_prompt(question), max_tokens=100, patient=False).text.strip()
    return said.splitlines()[0] if said else question


def read_french(question: str, chat: BaseChatModel) -> None:
    """Have the model read what `to_english` asks it, so that whoever asks need not wait for that.

    One on this machine keeps what it has read last. Raises what the chat model raises.
    """
    for _ in chat.stream(_prompt(question), max_tokens=1):
        pass


def _prompt(question: str) -> list[BaseMessage]:
    english = _FRENCH_NAME.sub(lambda found: _ENGLISH[found[0]], question)
    return [*_MESSAGES, HumanMessage(english)]
