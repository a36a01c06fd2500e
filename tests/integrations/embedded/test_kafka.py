"""The embedded broker keeps its records and its port, whoever is killed."""

import os
import signal
import socket
import subprocess
from contextlib import closing

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

from integrations.embedded.broker_folder import brokers_on, properties_of, take_over
from integrations.embedded.child import CannotStart, wait_until
from integrations.embedded.kafka import KafkaBroker
from tests.integrations.embedded.owner import owner_of

SERVER = "integrations.embedded.kafka:KafkaBroker"
KEPT = TopicPartition("kept", 0)


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """A broker with three records in the topic `kept`; a test may kill or stop it."""
    broker = KafkaBroker(tmp_path_factory.mktemp("broker"), props={"log.retention.ms": "-1"})
    broker.start()
    with closing(KafkaAdminClient(bootstrap_servers=broker.bootstrap)) as admin:
        admin.create_topics([NewTopic("kept", 1, 1)])
    with closing(KafkaProducer(bootstrap_servers=broker.bootstrap)) as producer:
        for number in range(3):
            producer.send("kept", b"%d" % number, partition=0).get(20)
    yield broker
    broker.stop()


@pytest.fixture
def running(broker):
    broker.start()
    return broker


def records(broker):
    with closing(KafkaConsumer(bootstrap_servers=broker.bootstrap)) as consumer:
        return consumer.end_offsets([KEPT])[KEPT]


def answers(broker):
    host, port = broker.bootstrap.split(":")
    api_versions = bytes.fromhex("0000000a 0012 0000 00000001 ffff")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.settimeout(0.5)
        connection.sendall(api_versions)
        try:
            return bool(connection.recv(1))
        except TimeoutError:
            return False


def test_a_killed_broker_comes_back_with_its_records_at_its_address(running):
    before, pid = running.bootstrap, running.pid
    running.kill()
    assert not brokers_on(running.data)
    running.start()
    assert (running.bootstrap, records(running)) == (before, 3)
    assert running.pid != pid


def test_a_new_owner_of_an_old_folder_finds_records_and_port(running):
    running.stop()
    with KafkaBroker(running.data) as successor:
        assert (successor.bootstrap, records(successor)) == (running.bootstrap, 3)


def test_a_paused_broker_answers_nothing_until_it_is_resumed(running):
    assert answers(running)
    running.pause()
    try:
        assert not answers(running)
    finally:
        running.resume()
    assert wait_until(lambda: answers(running), 10)


def test_a_second_broker_on_a_folder_in_use_is_refused(running):
    with pytest.raises(CannotStart, match=rf"{running.data} is in use by process {os.getpid()}"):
        KafkaBroker(running.data).start()
    assert answers(running)


def test_a_port_that_another_program_has_is_refused_with_its_number(tmp_path, running):
    port = int(running.bootstrap.split(":")[1])
    with pytest.raises(CannotStart, match=f"port {port}"):
        KafkaBroker(tmp_path, port=port).start()


def test_a_killed_owner_leaves_no_broker(tmp_path):
    with owner_of(SERVER, tmp_path) as owner:
        pid = int(owner.stdout.readline())
        assert brokers_on(tmp_path) == [pid]
        owner.kill()
        assert wait_until(lambda: not brokers_on(tmp_path), 20)


def test_the_next_start_ends_even_the_paused_broker_of_a_killed_owner_cleanly(tmp_path):
    with owner_of(SERVER, tmp_path) as owner:
        pid = int(owner.stdout.readline())
        os.kill(pid, signal.SIGSTOP)
        owner.kill()
        owner.wait()
        take_over(tmp_path)
        assert (tmp_path / "log" / ".kafka_cleanshutdown").exists()
        with KafkaBroker(tmp_path) as broker:
            assert brokers_on(tmp_path) == [broker.pid] != [pid]


def test_a_broker_that_nobody_owns_is_told_to_stop(tmp_path):
    orphan = subprocess.Popen(["sh", "-c", "while :; do sleep 0.1; done", str(properties_of(tmp_path))])
    try:
        assert wait_until(lambda: brokers_on(tmp_path) == [orphan.pid], 10)
        take_over(tmp_path)
        assert orphan.wait(10) == -signal.SIGTERM
    finally:
        orphan.kill()
        orphan.wait()


def test_a_broker_that_cannot_start_says_what_its_log_says(tmp_path):
    broker = KafkaBroker(tmp_path, props={"num.io.threads": "many"})
    with pytest.raises(CannotStart, match=r"num\.io\.threads"):
        broker.start()
    assert not broker.running
