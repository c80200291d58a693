# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""The facts that columns and filters need."""

import enum


class Fact(enum.Flag):
    """Something to know of an interface, or of its owner.

    The addresses are always known. Facts that the view does not provide are
    read from Neutron.
    """

    NOTHING = 0
    PORT_ID = enum.auto()
    NETWORK_ID = enum.auto()
    PORT_STATE = enum.auto()
    TAG = enum.auto()
    PORT = enum.auto()
    # Where the port is bound, which Neutron shows to administrators only.
    BINDING = enum.auto()
    NETWORK_NAME = enum.auto()
    NETWORK = enum.auto()
    # The provider attributes, which Neutron shows to administrators only.
    PROVIDER = enum.auto()
    SUBNETS = enum.auto()
    SECURITY_GROUPS = enum.auto()
    # The rules of its security groups, and the groups that they refer to.
    RULES = enum.auto()
    REMOTE_GROUPS = enum.auto()
    ADDRESS_GROUPS = enum.auto()
    FLOATING_IPS = enum.auto()
    # The port forwardings of floating IPs that lead to it.
    PORT_FORWARDINGS = enum.auto()
    QOS_POLICY = enum.auto()
    # Its position in Nova's cache, which is part of the server's details.
    NIC_INDEX = enum.auto()
    # The server that owns it, which is what ``find`` looks for.
    SERVER = enum.auto()
    USER = enum.auto()
    PROJECT = enum.auto()
    # The router or the load balancer that it belongs to.
    DEVICE = enum.auto()


# The facts that need the details of the server.
OF_SERVER = Fact.SERVER | Fact.NIC_INDEX

# The facts that are read from Neutron, in addition to the view.
OF_NETWORK = (
    Fact.PORT
    | Fact.BINDING
    | Fact.NETWORK_NAME
    | Fact.NETWORK
    | Fact.PROVIDER
    | Fact.SUBNETS
    | Fact.SECURITY_GROUPS
    | Fact.RULES
    | Fact.REMOTE_GROUPS
    | Fact.ADDRESS_GROUPS
    | Fact.FLOATING_IPS
    | Fact.PORT_FORWARDINGS
    | Fact.QOS_POLICY
)
