"""A search among ten times the customers reads at most twice the pages."""

from bench.customers import MOST, searched

FEW, MANY = 1_000, 10_000


def grown(db):
    """How many times the pages each search reads among many."""
    few, many = searched(db, FEW), searched(db, MANY)
    return {label: many[label] / few[label] for label in few}


def test_a_search_reads_hardly_more_pages_among_many(made):
    times = grown(made)
    assert len(times) == 4
    assert max(times.values()) <= MOST, times


def test_without_its_index_it_reads_all_of_them(made):
    made.execute("drop index customers.people_to_tsvector_idx")
    assert min(grown(made).values()) > MOST
