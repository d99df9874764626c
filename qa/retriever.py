"""A library as a LangChain retriever, for this project's own runnable and for others."""

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, SkipValidation

from index.types import Hit, Library, Passage


class LibraryRetriever(BaseRetriever):
    """Retrieves passages. Metadata holds the title, date, place, exact offsets and score."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    library: SkipValidation[Library]
    k: int = 8

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[LangChainDocument]:
        return [self._document(hit) for hit in self.library.search(query, self.k)]

    def _document(self, hit: Hit) -> LangChainDocument:
        passage = hit.passage
        document = self.library.document(passage.document_id)
        return LangChainDocument(
            page_content=passage.text,
            id=passage.id,
            metadata={
                "document_id": document.id,
                "title": document.title,
                "as_of": document.as_of,
                "source": document.source,
                "place": passage.place,
                "start": passage.start,
                "end": passage.end,
                "score": hit.score,
            },
        )


def hit_of(document: LangChainDocument) -> Hit:
    """Return the hit that a retrieved document came from."""
    meta = document.metadata
    passage = Passage(
        id=str(document.id),
        document_id=meta["document_id"],
        start=meta["start"],
        end=meta["end"],
        text=document.page_content,
        place=meta["place"],
    )
    return Hit(passage, meta["score"])
