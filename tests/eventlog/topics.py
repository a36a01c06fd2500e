"""A relay that runs beside a test, and what happens to its topic."""

from contextlib import closing, contextmanager
from threading import Thread

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from integrations.embedded.child import wait_until


@contextmanager
def running(relay):
    thread = Thread(target=relay.run)
    thread.start()
    try:
        yield relay
    finally:
        relay.stop()
        thread.join(30)


def ends(bootstrap, topic):
    with closing(KafkaConsumer(bootstrap_servers=bootstrap)) as consumer:
        return consumer.end_offsets([TopicPartition(topic, partition) for partition in range(8)])


def empty(bootstrap, topic):
    """All records of the topic are deleted, as when their time of retention is over."""
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        admin.delete_records({where: end for where, end in ends(bootstrap, topic).items() if end})


def make(bootstrap, topic):
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        admin.create_topics({topic: {"num_partitions": 8}}, wait_for_metadata=True)


def delete(bootstrap, topic):
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        admin.delete_topics([topic])
        assert wait_until(lambda: topic not in admin.list_topics(), 20)
